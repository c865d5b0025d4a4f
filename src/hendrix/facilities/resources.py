"""Resources of ``twisted.web`` that have a place, for ``HENDRIX_CHILD_RESOURCES`` and for a ``Site`` of Twisted's."""

from __future__ import annotations

import os
from typing import Any

from twisted.logger import Logger
from twisted.web import pages, static
from twisted.web.resource import IResource, Resource
from twisted.web.wsgi import WSGIResource

_log = Logger()


class NamedResource(Resource):
    """A place below which children are put: ``namespace`` (str or bytes) is its path.

    Whatever was not put there is answered 403; override ``getChild`` for children that are made on demand.
    """

    def __init__(self, namespace: str | bytes) -> None:
        super().__init__()
        self.namespace = namespace

    def putChild(self, path: str | bytes, child: IResource) -> None:
        """See ``Resource.putChild``; the name may be a ``str``, too."""
        super().putChild(_bytes(path), child)

    def getChild(self, path: bytes, request: Any) -> Any:
        """See ``Resource.getChild``."""
        return pages.forbidden(message="Nothing is here.")

    def render_GET(self, request: Any) -> Any:
        """The place itself is no page either."""
        return self.getChild(b"", request).render(request)


class MediaResource(static.File):
    """The files of a directory, with the options of ``static.File``.

    Directories are not listed (403), and hidden files are not there. What has no type that is known is
    ``application/octet-stream``, and no browser is to guess another.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        defaultType: str = "application/octet-stream",  # noqa: N803 - the name is that of static.File
        *options: Any,
        namespace: str | bytes | None = None,
        **named: Any,
    ) -> None:
        super().__init__(os.fspath(path), defaultType, *options, **named)
        if namespace is not None:
            self.namespace = namespace
        self.delegates: list[Any] = []

    def directoryListing(self) -> Any:
        """See ``static.File.directoryListing``."""
        return pages.forbidden(message="Directories are not listed.")

    def putDelegate(self, resource: Any) -> None:
        """Ask ``resource`` for what is not in this directory."""
        self.delegates.append(resource)

    def getChild(self, path: bytes, request: Any) -> Any:
        """See ``static.File.getChild``."""
        if b"\0" in path or is_hidden(path):  # NUL is in no file's name, and an error to Python
            return self.childNotFound
        for directory in (super(), *self.delegates):
            child = directory.getChild(path, request)
            if child is not self.childNotFound:
                return child
        return self.childNotFound

    def render_GET(self, request: Any) -> Any:
        """See ``static.File.render_GET``."""
        request.setHeader(b"x-content-type-options", b"nosniff")
        return super().render_GET(request)

    def render_HEAD(self, request: Any) -> Any:
        """As GET; Twisted leaves out the body."""
        return self.render_GET(request)


def is_hidden(name: bytes) -> bool:
    """Is it that of a file, or directory, not to be asked for? One name with a dot in front is (RFC 8615)."""
    return name.startswith(b".") and name != b".well-known"


def DjangoStaticResource(path: str | os.PathLike[str], rel_url: str = "static") -> MediaResource:
    """The files of the directory ``path`` at the URL ``rel_url``."""
    return MediaResource(path, namespace=rel_url.strip("/"))


class HendrixWSGIResource(WSGIResource):
    """A WSGI application as a resource: ``HendrixWSGIResource(reactor, threadpool, application)``."""


class DevWSGIResource(HendrixWSGIResource):
    """The same, with a line in the log for each answer."""

    def render(self, request: Any) -> Any:
        """See ``IResource.render``."""
        request.notifyFinish().addCallbacks(lambda _: _tell(request), lambda _: None)
        return super().render(request)


def _tell(request: Any) -> None:
    _log.info("Response [{code}] => Request {method} {uri}", code=request.code, method=request.method, uri=request.uri)


class HendrixResource(Resource):
    """The root of a ``Site``: children that were put there first, all else to a WSGI application, with its full path.

    ``hx start`` does not need it; it is for those who build their own ``Site``.
    """

    def __init__(self, reactor: Any, threads: Any, application: Any, loud: bool = False) -> None:
        super().__init__()
        kind = DevWSGIResource if loud else HendrixWSGIResource
        self.wsgi_resource = kind(reactor, threads, application)

    def getChild(self, path: bytes, request: Any) -> Any:
        """See ``Resource.getChild``."""
        request.postpath.insert(0, path)
        request.prepath = []
        return self.wsgi_resource

    def putNamedChild(self, res: Any) -> None:
        """Put ``res`` at its ``namespace``, however deep. One that was there before is overridden, with a warning.

        Raises ``AttributeError`` where it has no ``namespace``.
        """
        if not hasattr(res, "namespace"):
            raise AttributeError(f"{res!r} has no namespace, which resources beside the project must have")
        *above, name = _bytes(res.namespace).strip(b"/").split(b"/")
        parent: Any = self
        for segment in above:
            if segment not in parent.children:
                parent.putChild(segment, Resource())
            parent = parent.children[segment]
        there = parent.children.get(name)
        if isinstance(there, MediaResource):
            there.putDelegate(res)
            return
        if there is not None:
            _log.warn("two resources are at {namespace}; the later one is used", namespace=res.namespace)
        parent.putChild(name, res)


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
