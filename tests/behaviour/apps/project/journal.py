"""What views and middleware want to be known of, under the key that the query of their request names."""

import asyncio
import threading
from collections import defaultdict
from urllib.parse import parse_qs

entries = defaultdict(list)
gates = defaultdict(threading.Event)


def key_of(meta):
    return parse_qs(meta["QUERY_STRING"]).get("key", [""])[0]


def note(request, what):
    entries[key_of(request.META)].append(what)


async def passed(key):
    """Until the gate ``key`` is open."""
    while not gates[key].is_set():
        await asyncio.sleep(0.002)
