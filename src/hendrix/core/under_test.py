"""Is this one of Django's test runs? It has a database of its own, and is to meet nothing that is for real: no server
that happens to run beside it, nor what that has published, or keeps in a cache.
"""

from __future__ import annotations

import sys


def under_test() -> bool:
    """Between ``setup_test_environment`` and ``teardown_test_environment``, whoever runs the tests."""
    state = getattr(sys.modules.get("django.test.utils"), "_TestState", None)
    return hasattr(state, "saved_data")
