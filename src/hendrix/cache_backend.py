"""The cache backend for Django's ``CACHES``: ``"BACKEND": "hendrix.cache_backend.SharedCache"``."""

from hendrix.django.shared_cache import SharedCache

__all__ = ["SharedCache"]
