from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("workload", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("build", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={"ordering": ["workload"]},
        ),
        migrations.CreateModel(
            name="Target",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "data_origin",
                    models.CharField(
                        help_text="the directory of django_data it came from: 2026-09-15T16", max_length=13
                    ),
                ),
                ("loaded_at", models.DateTimeField()),
                (
                    "files",
                    models.PositiveIntegerField(
                        help_text="media files; null until the worker has counted them", null=True
                    ),
                ),
            ],
            options={"db_table": "target", "ordering": ["name"]},
        ),
    ]
