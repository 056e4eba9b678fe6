from django.core.management.base import BaseCommand

from targets.counting import count_files
from targets.rounds import repeat
from targets.startup import stop_on_sigterm, wait_for_database, wait_for_migrations


class Command(BaseCommand):
    help = "Counts the media files of every target, every five seconds."
    requires_system_checks = []

    def handle(self, *args, **options):
        stop = stop_on_sigterm()
        wait_for_database(stop)
        wait_for_migrations(stop)
        repeat("worker", count_files, 5, stop)
