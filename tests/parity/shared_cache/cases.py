"""Django's own cases for cache backends, for ``SharedCache``."""

import os

from cache.tests import BaseCacheTests, caches_setting_for_tests
from django.core.cache import cache
from django.test import TestCase, override_settings

CACHES = caches_setting_for_tests(
    BACKEND="hendrix.cache_backend.SharedCache",
    LOCATION=os.environ["SHARED_CACHE"],
)


@override_settings(CACHES=CACHES)
class SharedCacheTests(BaseCacheTests, TestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(cache.clear)

    def test_incr_decr_timeout(self):
        """As ``LocMemCacheTests`` has it: to count leaves the expiry alone."""
        cache.set("value", 1, timeout=100)
        before = cache._file.read(lambda txn: txn.get(cache._digest("value", None)))[:8]
        cache.incr("value")
        cache.decr("value")
        after = cache._file.read(lambda txn: txn.get(cache._digest("value", None)))[:8]
        self.assertEqual(before, after)
