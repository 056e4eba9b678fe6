"""The media directory: a directory of files for each target."""

from pathlib import Path
from typing import List

from django.conf import settings


def media_files(target: str) -> List[str]:
    """Paths of the target's files, relative to the media directory, sorted; none when it has no directory."""
    root = Path(settings.MEDIA_ROOT)
    return sorted(str(path.relative_to(root)) for path in (root / target).rglob("*") if path.is_file())
