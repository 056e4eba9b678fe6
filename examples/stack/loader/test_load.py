import os
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from load import LoadError, load, read_targets

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "data" / "2026-09-15T16"


class Sqlite:
    """The connection that the loader is given, on sqlite, which writes placeholders its own way."""

    def __init__(self):
        self.connection = sqlite3.connect(":memory:")
        self.connection.execute("CREATE TABLE target (name PRIMARY KEY, data_origin, loaded_at, files INTEGER NULL)")

    def cursor(self):
        return self

    def execute(self, sql, parameters):
        self.connection.execute(sql.replace("%s", "?"), parameters)

    def commit(self):
        self.connection.commit()

    def rows(self):
        return self.connection.execute("SELECT name, data_origin, files FROM target ORDER BY name").fetchall()


class Loader(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.media = self.root / "media"
        self.media.mkdir()
        self.database = Sqlite()
        self.addCleanup(self.database.connection.close)

    def data(self, targets="MURD", origin="2026-09-16T09", ready=True, files=("MURD/a.sdf",)):
        data = self.root / "django_data" / origin
        data.mkdir(parents=True)
        if ready:
            (data / "READY").touch()
        if targets is not None:
            (data / "TARGET_LIST").write_text(targets)
        for file in files:
            (data / file).parent.mkdir(exist_ok=True)
            (data / file).write_text(file)
        return data

    def test_loads_every_target_of_the_example(self):
        self.assertEqual(load(EXAMPLE, self.media, self.database), "loaded: 3 targets from 2026-09-15T16")
        names = ["HAO1A", "MURD", "NUDT7A"]
        self.assertEqual(self.database.rows(), [(name, "2026-09-15T16", None) for name in names])
        self.assertEqual(sorted(path.name for path in self.media.iterdir()), names)

    def test_a_second_load_replaces_the_files_and_has_them_counted_again(self):
        load(EXAMPLE, self.media, self.database)
        self.database.connection.execute("UPDATE target SET files = 5")
        load(self.data(), self.media, self.database)
        self.assertEqual([path.name for path in (self.media / "MURD").iterdir()], ["a.sdf"])
        self.assertEqual(self.database.rows()[1], ("MURD", "2026-09-16T09", None))
        self.assertEqual(self.database.rows()[0], ("HAO1A", "2026-09-15T16", 5))

    def test_what_a_killed_load_left_behind_is_in_nobodys_way(self):
        (self.media / ".MURD.new").mkdir()
        (self.media / ".MURD.new" / "half").touch()
        load(self.data(), self.media, self.database)
        self.assertEqual([path.name for path in self.media.iterdir()], ["MURD"])
        self.assertEqual([path.name for path in (self.media / "MURD").iterdir()], ["a.sdf"])

    def test_names_may_stand_in_lines_or_between_commas(self):
        data = self.data("MURD, NUDT7A\nHAO1A\n", files=("MURD/a", "NUDT7A/a", "HAO1A/a"))
        self.assertEqual(read_targets(data), ["MURD", "NUDT7A", "HAO1A"])

    def test_incomplete_or_strange_data_is_refused(self):
        cases = [
            (dict(origin="2026-09-16"), "DATA_ORIGIN is '2026-09-16'"),
            (dict(origin="2026-09-16T10", ready=False), "has no file READY"),
            (dict(origin="2026-09-16T11", targets=None), "has no file TARGET_LIST"),
            (dict(origin="2026-09-16T12", targets=" \n"), "is empty"),
            (dict(origin="2026-09-16T13", targets="../../etc"), "has '../../etc'"),
            (dict(origin="2026-09-16T14", targets="MURD, NUDT7A"), "no directory for the target NUDT7A"),
        ]
        for given, message in cases:
            with self.subTest(message), self.assertRaisesRegex(LoadError, message):
                load(self.data(**given), self.media, self.database)
        self.assertEqual((self.database.rows(), list(self.media.iterdir())), ([], []))

    def test_exits_with_0_and_says_in_log_and_termination_message_that_the_load_failed(self):
        message = self.root / "message"
        environment = {**os.environ, "DATA_ORIGIN": "2026-09-16T09", "TERMINATION_LOG": str(message)}
        environment.pop("MYSQL_HOST", None)
        ended = subprocess.run([sys.executable, HERE / "load.py"], env=environment, capture_output=True, text=True)
        self.assertEqual(ended.returncode, 0)
        self.assertRegex(ended.stdout, r"^load failed: \w+: .+\n$")
        self.assertEqual(message.read_text(), ended.stdout.rstrip("\n"))


if __name__ == "__main__":
    unittest.main()
