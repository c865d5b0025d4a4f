"""Old import paths: see ``hendrix.tasks``."""
