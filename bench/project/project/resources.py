"""A resource of twisted.web: for Hendrix a child resource beside Django, for `twist web` the whole site."""

from twisted.web.resource import Resource
from twisted.web.server import Request


class Hello(Resource):
    """Thirteen bytes of text, at its own path and at every one below."""

    isLeaf = True  # noqa: N815 - the name is that of twisted.web
    namespace = "twisted"

    def render_GET(self, request: Request) -> bytes:
        """What the view `hello` answers, too."""
        request.setHeader(b"content-type", b"text/plain")
        return b"Hello, world!"


hello = Hello()
