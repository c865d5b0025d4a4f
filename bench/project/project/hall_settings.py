"""For the hall: of Hendrix, and of Channels with one of its layers."""

import os

from .settings import *  # noqa: F403

HENDRIX_WEBSOCKETS = "project.hall"

# The layer waits in Redis for messages, longer than its client would wait for an answer by itself.
_HOSTS = {"hosts": [{"address": os.environ.get("BENCH_REDIS", ""), "socket_timeout": None}]}
_LAYERS = {
    "memory": {"BACKEND": "channels.layers.InMemoryChannelLayer"},
    "redis": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": _HOSTS},
    "pubsub": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": _HOSTS},
}
if layer := os.environ.get("BENCH_LAYER"):
    CHANNEL_LAYERS = {"default": _LAYERS[layer]}
