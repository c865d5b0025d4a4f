"""The project as an ASGI application: WebSockets to the echo, everything else to Django."""

import os

from django.core.asgi import get_asgi_application

from hendrix.django.protocols import ProtocolRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "showcase.settings")

http = get_asgi_application()

from workshop.echo import echo  # noqa: E402 - the project's own modules are imported once it is set up

application = ProtocolRouter(http=http, websocket=echo)
