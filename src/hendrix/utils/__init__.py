"""Old import paths: see ``test_utils``."""
