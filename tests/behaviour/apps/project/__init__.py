"""A Django project that the suites ``test_django_*`` serve. ``SITE`` (JSON) in the environment overrides settings."""
