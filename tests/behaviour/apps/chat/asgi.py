"""The ASGI application, as the documentation of Channels writes it."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat.settings")
django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.urls import path  # noqa: E402

from chat import consumers  # noqa: E402

routes = [
    path("room/<str:room>/", consumers.Room.as_asgi()),
    path("echo/", consumers.Echo.as_asgi()),
    path("whereabouts/", consumers.Whereabouts.as_asgi()),
    path("closed/", consumers.Closed.as_asgi()),
]
application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(routes))),
    }
)
