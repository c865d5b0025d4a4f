"""The counter: who telnets to it is told what the process and the shop are doing right now.

    $ telnet 127.0.0.1 8023

`HENDRIX_SERVICES` names it: a Twisted service beside the site, in the same process, on a port of its own. It is
started before the first request and stopped after the last one.
"""

from collections.abc import Callable

from django.conf import settings
from django.db.models import Q
from twisted.application.internet import TCPServer
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from . import figures
from .models import Instrument

log = Logger()

IDLE = 300  # seconds that somebody may stand there and say nothing
AT_ONCE = 50  # people
SHOWN = 8


class Counter(LineOnlyReceiver, TimeoutMixin):
    """One visitor. A line is a command; an empty one ends what is going on."""

    delimiter = b"\n"
    MAX_LENGTH = 200
    factory: "Counters"

    def __init__(self) -> None:
        self.watching = LoopingCall(self.figures)
        self.asking = False
        self.commands: dict[str, tuple[Callable[[str], object], str]] = {
            "figures": (lambda words: self.figures(), "figures          the process, now"),
            "watch": (self.watch, "watch            the same every second, for five minutes or until the next line"),
            "stock": (self.stock, "stock kite blue  what we have of that"),
            "help": (lambda words: self.help(), "help             this"),
            "bye": (lambda words: self.bye(), "bye              until next time"),
        }

    def connectionMade(self) -> None:
        self.factory.visitors += 1
        self.setTimeout(IDLE)
        if self.factory.visitors > AT_ONCE:
            self.say("It is crowded here. Try again in a while.")
            self.transport.loseConnection()
            return
        self.say("Crosstown Workshop, the counter. What can we do for you?")
        self.help()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.visitors -= 1
        self.setTimeout(None)
        self._rest()

    def timeoutConnection(self) -> None:
        """Who says nothing for so long may not be listening either: nothing waits to be sent any more."""
        self.transport.abortConnection()

    def lineReceived(self, line: bytes) -> None:
        self.resetTimeout()
        self._rest()
        name, _, words = line.decode("utf-8", "replace").strip().partition(" ")
        if not name:
            return
        if name.lower() in self.commands:
            self.commands[name.lower()][0](words)
        else:
            self.say(f"We do not know “{name}”. Say help.")

    def lineLengthExceeded(self, line: bytes) -> None:
        self.say("That was more than we could follow.")
        self.transport.loseConnection()

    def say(self, text: str) -> None:
        """One line, with nothing in it that a terminal would obey."""
        shown = "".join(sign if sign.isprintable() else "?" for sign in text)
        self.sendLine(f"{shown}\r".encode())

    def help(self) -> None:
        for _, text in self.commands.values():
            self.say(f"  {text}")

    def figures(self) -> None:
        now = figures.process()
        self.say(
            f"process {now['pid']}: {now['requests']} requests, {now['cpu_seconds']:.1f} s of processor, "
            f"{now['memory_mb']:.0f} MB, {now['threads']} threads, {now['watchers']} watching, "
            f"{self.factory.visitors} at the counter"
        )

    def watch(self, words: str) -> None:
        self.watching.start(1)

    def stock(self, words: str) -> None:
        """Databases are asked in a thread: this one answers everybody else."""
        if self.asking:
            self.say("One thing at a time.")
            return
        self.asking = True
        found = deferToThread(_look_up, words)
        found.addCallbacks(self._tell, self._excuse)

    def bye(self) -> None:
        self.say("Mind the step.")
        self.transport.loseConnection()

    def _tell(self, lines: list[str]) -> None:
        self.asking = False
        for line in lines or ["Nothing like that on the shelves."]:
            self.say(line)

    def _excuse(self, failure: Failure) -> None:
        self.asking = False
        log.failure("the stock book", failure)
        self.say("The stock book is not to be found.")

    def _rest(self) -> None:
        if self.watching.running:
            self.watching.stop()


class Counters(Factory):
    """All visitors of this process."""

    protocol = Counter
    noisy = False
    visitors = 0


def service() -> TCPServer:
    """What `HENDRIX_SERVICES` names: called in each worker. Only this machine can connect."""
    return TCPServer(settings.COUNTER_PORT, Counters(), interface="127.0.0.1")


def _look_up(words: str) -> list[str]:
    found = Instrument.objects.all()
    for word in words.split()[:8]:
        found = found.filter(Q(name__icontains=word) | Q(maker__icontains=word) | Q(finish__icontains=word))
    lines = [f"{item.name}, {item.maker} {item.year}, {item.finish.lower()}, {item.price}" for item in found[:SHOWN]]
    more = found.count() - len(lines)
    return [*lines, f"and {more} more"] if more else lines
