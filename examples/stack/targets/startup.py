"""What every workload does first. A pod that exits because the database is not up yet is restarted after 10 s, then 20 s,
and so on, and looks like a broken image meanwhile: so the waiting is done here, inside the one container start."""

import signal
import sys
import time
from threading import Event
from typing import Callable, List

from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

# A healthy start may take six minutes in all; past this it is better to say what is missing.
PATIENCE_SECONDS = 300


def stop_on_sigterm() -> Event:
    """An event that SIGTERM and SIGINT set. Process 1 of a container ignores SIGTERM unless it asks for it."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def wait_for_database(stop: Event) -> None:
    def answers() -> bool:
        connection.ensure_connection()
        return True

    wait_until("the database answers", answers, stop)


def wait_for_migrations(stop: Event) -> None:
    """Only web migrates. The others start when the schema is theirs, so that new code never meets old tables."""
    wait_until("web has applied the migrations", lambda: not pending_migrations(connection), stop)


def pending_migrations(database) -> List[str]:
    """Migrations of this image that the database does not have yet. After a rollback it has more, not fewer."""
    executor = MigrationExecutor(database)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def wait_until(what: str, done: Callable[[], bool], stop: Event, patience: float = PATIENCE_SECONDS) -> None:
    """Looks again every half a second. Ends the process with 0 on a stop, with 1 and the reason when patience runs out."""
    deadline = time.monotonic() + patience
    reason = ""
    while True:
        try:
            if done():
                return
            seen = "not yet"
        except DatabaseError as error:
            seen = f"{type(error).__name__}: {error}"
            connection.close()
        if seen != reason:
            print(f"waiting until {what}: {seen}", flush=True)
            reason = seen
        if time.monotonic() > deadline:
            raise CommandError(f"waited {patience:g} s in vain until {what}: {reason}")
        if stop.wait(0.5):
            sys.exit(0)
