"""The Django project that every server of the benchmark serves."""
