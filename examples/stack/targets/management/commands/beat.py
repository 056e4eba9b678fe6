from django.core.management.base import BaseCommand

from targets.rounds import repeat
from targets.startup import stop_on_sigterm, wait_for_database, wait_for_migrations


class Command(BaseCommand):
    help = "Shows that the stack is alive: a heartbeat every five seconds, which the page shows."
    requires_system_checks = []

    def handle(self, *args, **options):
        stop = stop_on_sigterm()
        wait_for_database(stop)
        wait_for_migrations(stop)
        repeat("beat", lambda: None, 5, stop)
