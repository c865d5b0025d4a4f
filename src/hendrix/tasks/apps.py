"""The Django app: who works on tasks, and what is scheduled."""

from django.apps import AppConfig


class TasksConfig(AppConfig):  # type: ignore[misc]
    """``INSTALLED_APPS += ["django_tasks_db", "hendrix.tasks"]``."""

    name = "hendrix.tasks"
    label = "hendrix_tasks"
    verbose_name = "Tasks"
