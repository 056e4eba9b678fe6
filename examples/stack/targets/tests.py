import tempfile
from pathlib import Path
from threading import Event
from unittest import mock

from django.core.management import CommandError
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import TestCase, override_settings
from django.utils import timezone

from targets.counting import count_files
from targets.models import Heartbeat, Target
from targets.rounds import repeat
from targets.startup import pending_migrations, wait_until


def target(name="NUDT7A", **fields):
    return Target.objects.create(name=name, data_origin="2026-09-15T16", loaded_at=timezone.now(), **fields)


class WithMedia(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.media = Path(folder.name) / "media"
        self.media.mkdir()
        settings = override_settings(MEDIA_ROOT=self.media, BUILD={"build": 268, "commit": "c0ffee"})
        settings.enable()
        self.addCleanup(settings.disable)

    def put(self, path, text="x"):
        file = self.media / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


class Pages(WithMedia):
    def test_version_tells_build_tag_and_commit(self):
        answer = self.client.get("/version/")
        self.assertEqual(answer.json(), {"build": 268, "version": "latest-268", "commit": "c0ffee"})

    def test_the_list_of_targets_shows_the_media_files_of_each(self):
        target("NUDT7A", files=1)
        target("MURD")
        self.put("NUDT7A/x1 a.pdb")
        page = self.client.get("/").content.decode()
        self.assertInHTML('<a href="/media/NUDT7A/x1%20a.pdb">NUDT7A/x1 a.pdb</a>', page)
        self.assertInHTML("<td>not counted yet</td>", page)
        self.assertIn("Build <b>268</b>", page)

    def test_the_page_tells_how_many_targets_are_loaded(self):
        target("NUDT7A")
        target("MURD")
        self.assertContains(self.client.get("/"), "Targets loaded: 2")

    def test_the_page_says_when_nothing_is_loaded(self):
        self.assertContains(self.client.get("/"), "No targets are loaded yet.")

    def test_text_from_outside_is_shown_and_not_interpreted(self):
        target("<script>")
        self.assertContains(self.client.get("/"), "&lt;script&gt;")

    def test_the_page_shows_which_build_each_workload_runs(self):
        Heartbeat.objects.create(workload="beat", build=267, at=timezone.now())
        self.assertContains(self.client.get("/"), "beat: build 267")

    def test_a_page_cannot_be_posted_to(self):
        self.assertEqual(self.client.post("/").status_code, 405)

    def test_health_is_ok_when_every_migration_is_applied(self):
        self.assertEqual(self.client.get("/healthz").status_code, 200)

    def test_health_names_the_migration_that_is_missing(self):
        MigrationRecorder(connection).record_unapplied("targets", "0001_initial")
        answer = self.client.get("/healthz")
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.content, b"migrations to apply: targets.0001_initial\n")

    def test_health_does_not_repeat_what_the_database_said(self):
        with mock.patch("targets.views.pending_migrations", side_effect=OperationalError("user fragalysis at 10.0.0.1")):
            answer = self.client.get("/healthz")
        self.assertEqual((answer.status_code, answer.content), (503, b"the database does not answer\n"))


class Media(WithMedia):
    def test_a_file_of_a_target_is_served(self):
        self.put("MURD/a.sdf", "molecule")
        answer = self.client.get("/media/MURD/a.sdf")
        self.assertEqual(b"".join(answer.streaming_content), b"molecule")
        answer.close()

    def test_nothing_outside_the_media_directory_is_served(self):
        (self.media.parent / "secret").write_text("s")
        self.assertEqual(self.client.get("/media/..%2Fsecret").status_code, 400)


class Worker(WithMedia):
    def test_counts_the_files_of_each_target_in_all_its_directories(self):
        target("NUDT7A")
        target("MURD", files=9)
        self.put("NUDT7A/a.pdb")
        self.put("NUDT7A/deeper/b.pdb")
        self.put("NUDT7AX/c.pdb")
        count_files()
        self.assertEqual(dict(Target.objects.values_list("name", "files")), {"NUDT7A": 2, "MURD": 0})

    def test_is_ready_and_heard_of_after_a_round(self):
        stop = Event()
        ready = self.media / "ready"
        repeat("worker", stop.set, 5, stop, ready)
        self.assertTrue(ready.exists())
        self.assertEqual(Heartbeat.objects.get().build, 268)

    def test_is_not_ready_once_the_database_is_lost(self):
        stop = Event()
        ready = self.media / "ready"
        ready.touch()

        def lost():
            stop.set()
            raise OperationalError("gone")

        with mock.patch("targets.rounds.connection"):
            repeat("worker", lost, 5, stop, ready)
        self.assertFalse(ready.exists())
        self.assertEqual(Heartbeat.objects.count(), 0)


class Startup(TestCase):
    def test_waits_until_it_is_done(self):
        answers = iter([False, True])
        wait_until("x", lambda: next(answers), self.never())
        self.assertEqual(list(answers), [])

    def test_gives_the_last_reason_when_patience_runs_out(self):
        def refused():
            raise OperationalError(1045, "Access denied")

        with mock.patch("targets.startup.connection"), self.assertRaisesMessage(CommandError, "Access denied"):
            wait_until("the database answers", refused, self.never(), patience=-1)

    def test_ends_well_when_told_to_stop_while_waiting(self):
        stop = Event()
        stop.set()
        with self.assertRaises(SystemExit) as ended:
            wait_until("x", lambda: False, stop)
        self.assertEqual(ended.exception.code, 0)

    def test_a_database_with_every_migration_has_none_pending(self):
        self.assertEqual(pending_migrations(connection), [])

    @staticmethod
    def never():
        stop = mock.Mock(spec=Event())
        stop.wait.return_value = False
        return stop
