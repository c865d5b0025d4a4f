"""One view, sync and async."""

import asyncio
from functools import wraps


def both(views):
    """Register ``view`` as it is, and as a coroutine function that gives way to others first."""

    def register(view):
        @wraps(view)
        async def async_view(request):
            await asyncio.sleep(0)
            return view(request)

        views.append(("sync", view.__name__, view))
        views.append(("async", view.__name__, async_view))
        return view

    return register


def only(views, kind):
    def register(view):
        views.append((kind, view.__name__, view))
        return view

    return register
