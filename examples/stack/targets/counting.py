from targets.media import media_files
from targets.models import Target


def count_files() -> None:
    """Brings the number of files of every target up to date; writes only where it changed."""
    for name, known in Target.objects.values_list("name", "files"):
        found = len(media_files(name))
        if found != known and Target.objects.filter(name=name).update(files=found):
            print(f"worker: {name} has {found} files", flush=True)
