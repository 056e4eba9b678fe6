from django.db import models


class Target(models.Model):
    """A protein target. The loader writes the rows, the worker counts the files."""

    name = models.CharField(max_length=64, primary_key=True)
    data_origin = models.CharField(max_length=13, help_text="the directory of django_data it came from: 2026-09-15T16")
    loaded_at = models.DateTimeField()
    files = models.PositiveIntegerField(null=True, help_text="media files; null until the worker has counted them")

    class Meta:
        db_table = "target"  # a contract: the loader, an image of its own, writes to this table
        ordering = ["name"]


class Heartbeat(models.Model):
    """When a workload was last heard of, and which build it was: the page shows that all of them follow the image."""

    workload = models.CharField(max_length=16, primary_key=True)
    build = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["workload"]
