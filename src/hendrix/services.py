"""The old name of ``hendrix.facilities.services``."""

from hendrix.facilities.gather import get_additional_services
from hendrix.facilities.services import HendrixService, ThreadPoolService, get_service

__all__ = ["HendrixService", "ThreadPoolService", "get_additional_services", "get_service"]
