"""Every layer that a request passes, in order. A later layer is a line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hendrix.answer.caching.keeping import Keeping
from hendrix.answer.caching.layer import Cached, Later, at_port, never
from hendrix.answer.caching.recording import record
from hendrix.answer.challenges import answer_challenges
from hendrix.answer.compress.crew import Crew
from hendrix.answer.compress.layer import compress, compression
from hendrix.answer.files.place import Place
from hendrix.answer.files.roots import Roots
from hendrix.answer.forwarded import believe, trust
from hendrix.answer.health import Ready, always
from hendrix.answer.https import redirect_to_https
from hendrix.answer.options import answer_for_server
from hendrix.answer.protected import protect
from hendrix.answer.static import Disk, serve_files
from hendrix.core.config import Config
from hendrix.core.exchange import Answer, Threads


def build_chain(
    config: Config,
    application: Answer,
    beside: Callable[[Answer], Answer],
    places: Sequence[Place],
    disk: Disk,
    threads: Threads,
    crew: Crew,
    cache: Keeping | None = None,
    later: Later = never,
    ready: Ready = always,
) -> Answer:
    """From the application outwards: the last line is what a request meets first.

    ``cache`` is heard twice: nearest to the application, of what it answers as it is, and before all that changes it.
    ``beside`` puts resources of Twisted's before it (see ``answer.resource``, which imports Twisted's web server).
    """
    answer = application
    answer = beside(answer)
    if cache is not None:
        answer = record(cache, answer)
    if config.codings:
        how = compression(config.codings, config.compress_jitter, private=config.compress_private)
        answer = compress(how, threads, crew, answer)
    answer = protect(Roots(config.sendfile_root), disk, threads, answer)
    if cache is not None:
        cached = Cached(cache, answer, later)
        disk.each_tick(cached.tick)
        answer = cached.answer
    answer = serve_files(places, disk, config.static_memory, answer)
    if config.redirects_to:
        answer = redirect_to_https(config.redirects_to, answer)
    # Who asks for the server's health speaks plain HTTP to an address of its own choice.
    answer = answer_for_server(config.health_path, ready, answer)
    answer = believe(trust(config.forwarded_allow_ips), answer)
    if cache is not None and config.cache_port:
        answer = at_port(config.cache_port, answer)
    # Before anything that sends visitors elsewhere.
    return answer_challenges(config.vault, answer) if config.domains else answer
