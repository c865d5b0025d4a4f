"""Settings for Django's own tests: its SQLite ones, with a runner that writes down the outcomes."""

from test_sqlite import *  # noqa: F403 - of Django's tests

TEST_RUNNER = "recorder.Recorder"
