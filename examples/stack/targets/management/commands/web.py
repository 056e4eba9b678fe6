import os
import sys

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from targets.startup import stop_on_sigterm, wait_for_database


class Command(BaseCommand):
    help = "Waits for the database, migrates it, and serves the pages on port 8080."
    # The checks of the models want a database, which may not be there yet.
    requires_system_checks = []

    def handle(self, *args, **options):
        stop = stop_on_sigterm()
        wait_for_database(stop)
        # Not interrupted half way: MySQL cannot roll back a change of the schema.
        call_command("migrate", interactive=False, verbosity=1)
        connection.close()
        if stop.is_set():
            sys.exit(0)
        arguments = ["--bind=0.0.0.0:8080", "--workers=1", "--threads=4", "--worker-tmp-dir=/tmp", "--graceful-timeout=5"]
        os.execvp("gunicorn", ["gunicorn", *arguments, "stack.wsgi"])
