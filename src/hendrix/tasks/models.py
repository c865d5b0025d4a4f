"""What the database knows besides the tasks: the workers that are alive, and when something is due."""

from django.db import models


class TaskWorker(models.Model):  # type: ignore[misc]
    """A process that works on tasks. It holds those that name it last, until it is not seen any more."""

    id = models.CharField(primary_key=True, max_length=64)
    #: Of its process, for others on the same host: its host (and namespace), pid, and time of birth there.
    host = models.CharField(max_length=200)
    pid = models.IntegerField()
    born = models.BigIntegerField()
    seen = models.DateTimeField()

    class Meta:
        verbose_name = "task worker"

    def __str__(self) -> str:
        return f"{self.id} (pid {self.pid})"


class TaskSchedule(models.Model):  # type: ignore[misc]
    """When a schedule of the settings is due next."""

    name = models.CharField(primary_key=True, max_length=200)
    cron = models.CharField(max_length=200)
    due = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "task schedule"

    def __str__(self) -> str:
        return f"{self.name}: {self.cron}"
