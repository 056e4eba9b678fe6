#!/usr/bin/env python3
"""Loads one directory of django_data into the media directory and the database of a stack, and stops.

    django_data/2026-09-15T16/
        READY          there when everything has been written
        TARGET_LIST    the names of the targets, separated by commas or white space
        NUDT7A/ ...    the files of each target
"""

import os
import re
import shutil
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import List

DATA_ORIGIN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}")
TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class LoadError(Exception):
    """The data is not as it should be; the message says what and where."""


def read_targets(data: Path) -> List[str]:
    """The targets of a complete data directory. READY alone proves nothing: uploaders have written it before TARGET_LIST."""
    if not DATA_ORIGIN.fullmatch(data.name):
        raise LoadError(f"DATA_ORIGIN is {data.name!r}; expected a directory of django_data, such as 2026-09-15T16")
    for file in ("READY", "TARGET_LIST"):
        if not (data / file).is_file():
            raise LoadError(f"{data.name} has no file {file}")
    names = (data / "TARGET_LIST").read_text(encoding="utf-8").replace(",", " ").split()
    if not names:
        raise LoadError(f"TARGET_LIST of {data.name} is empty")
    for name in names:
        if not TARGET.fullmatch(name):
            raise LoadError(f"TARGET_LIST of {data.name} has {name!r}; a target has up to 64 letters, digits, _ and -")
        if not (data / name).is_dir():
            raise LoadError(f"{data.name} has no directory for the target {name}")
    return names


def replace_media(source: Path, media: Path) -> None:
    """Puts the target's files in the place of its old ones, in one step each way: a page never shows half of them."""
    target, coming, going = media / source.name, media / f".{source.name}.new", media / f".{source.name}.old"
    for leftover in (coming, going):  # of a load that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    # Modes are not copied: the volume decides, so that web and worker, other users perhaps, can read the files.
    shutil.copytree(source, coming, copy_function=shutil.copyfile)
    coming.chmod(0o775)
    if target.exists():
        target.rename(going)
    coming.rename(target)
    shutil.rmtree(going, ignore_errors=True)


def load(data: Path, media: Path, database) -> str:
    """Loads every target, one after the other, each committed by itself. Returns the line that says it was done."""
    names = read_targets(data)
    for name in names:
        replace_media(data / name, media)
        now = datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)
        # Without `files`: the stack's worker counts again.
        row = (name, data.name, str(now))
        database.cursor().execute("REPLACE INTO target (name, data_origin, loaded_at) VALUES (%s, %s, %s)", row)
        database.commit()
        print(f"{name}: done", flush=True)
    return f"loaded: {len(names)} targets from {data.name}"


def data_origin() -> str:
    """The directory to load: DATA_ORIGIN, else the one that the image was built for."""
    built_for = Path(__file__).parent / "data-origin"
    return os.environ.get("DATA_ORIGIN") or (built_for.read_text().strip() if built_for.exists() else "")


def connect():
    import MySQLdb

    return MySQLdb.connect(
        host=os.environ["MYSQL_HOST"],
        port=int(os.environ.get("MYSQL_PORT", "3306")),
        user=os.environ["MYSQL_USER"],
        password=os.environ["MYSQL_PASSWORD"],
        database=os.environ["MYSQL_DATABASE"],
        charset="utf8mb4",
    )


def main() -> int:
    """Always 0, as the loader of Fragalysis: a Job that is Complete has not necessarily loaded anything.

    Whether it has is told by the last line of the log, "loaded: ..." or "load failed: ...", which is the termination
    message too. That is what a delivery has to look at.
    """
    try:
        data = Path(os.environ.get("DATA_ROOT", "/fragalysis/django_data")) / data_origin()
        verdict = load(data, Path(os.environ.get("MEDIA_ROOT", "/code/media")), connect())
    except Exception as error:
        verdict = f"load failed: {type(error).__name__}: {error}"
    print(verdict, flush=True)
    Path(os.environ.get("TERMINATION_LOG", "/dev/termination-log")).write_text(verdict, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
