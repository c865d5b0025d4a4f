"""The old name of ``hendrix.facilities.resources``."""

from hendrix.facilities.gather import get_additional_resources
from hendrix.facilities.resources import (
    DevWSGIResource,
    DjangoStaticResource,
    HendrixResource,
    HendrixWSGIResource,
    MediaResource,
    NamedResource,
)

__all__ = [
    "DevWSGIResource",
    "DjangoStaticResource",
    "HendrixResource",
    "HendrixWSGIResource",
    "MediaResource",
    "NamedResource",
    "get_additional_resources",
]
