"""The old name of ``hendrix.contrib.concurrency``."""
