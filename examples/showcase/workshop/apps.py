from django.apps import AppConfig


class WorkshopConfig(AppConfig):
    """The shop, its bench and the pages that put a server to the test."""

    name = "workshop"
    verbose_name = "Workshop"
