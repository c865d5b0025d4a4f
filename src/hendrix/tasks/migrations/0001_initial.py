"""Workers and schedules."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):  # type: ignore[misc]
    """The first."""

    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = []
    operations: ClassVar[list[object]] = [
        migrations.CreateModel(
            name="TaskWorker",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("host", models.CharField(max_length=200)),
                ("pid", models.IntegerField()),
                ("born", models.BigIntegerField()),
                ("seen", models.DateTimeField()),
            ],
            options={"verbose_name": "task worker"},
        ),
        migrations.CreateModel(
            name="TaskSchedule",
            fields=[
                ("name", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("cron", models.CharField(max_length=200)),
                ("due", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "task schedule"},
        ),
    ]
