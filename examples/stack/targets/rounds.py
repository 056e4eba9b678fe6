"""A workload that does something every few seconds until it is told to stop."""

from pathlib import Path
from threading import Event
from typing import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from targets.models import Heartbeat

# The readiness probes of worker and beat look for it: these two have no port to ask.
READY_FILE = Path("/tmp/ready")


def repeat(workload: str, work: Callable[[], None], seconds: float, stop: Event, ready_file: Path = READY_FILE) -> None:
    """Ready after the first round that went well, and not ready any more once the database is lost, until it is back."""
    while not stop.is_set():
        try:
            work()
            heard = {"build": settings.BUILD["build"], "at": timezone.now()}
            Heartbeat.objects.update_or_create(workload=workload, defaults=heard)
            ready_file.touch()
        except DatabaseError as error:
            print(f"{workload}: the database refused this round ({type(error).__name__})", flush=True)
            ready_file.unlink(missing_ok=True)
            connection.close()
        stop.wait(seconds)
