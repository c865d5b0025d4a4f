"""The id of the request at hand in what the project logs itself.

In Django's settings::

    LOGGING = {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "hendrix.logging.RequestIdFilter"}},
        "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(request_id)s %(name)s %(message)s"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["request_id"]},
        },
        "root": {"handlers": ["console"], "level": "INFO"},
    }
"""

from hendrix.observe.request_id import RequestIdFilter, request_id

__all__ = ["RequestIdFilter", "request_id"]
