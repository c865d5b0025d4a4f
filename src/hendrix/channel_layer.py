"""The layer for Channels' ``CHANNEL_LAYERS``: ``"BACKEND": "hendrix.channel_layer.HubChannelLayer"``."""

from hendrix.django.channel_layer import HubChannelLayer

__all__ = ["HubChannelLayer"]
