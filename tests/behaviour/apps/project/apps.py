from django.apps import AppConfig
from django.core.signals import got_request_exception, request_finished, request_started

from project.journal import entries, key_of


class Project(AppConfig):
    name = "project"
    default = True

    def ready(self):
        from project import connections, current

        connections.watch()

        def started(sender, environ, **_):
            current.key.set(key_of(environ))
            entries[current.key.get()].append(f"started by {sender.__name__}")

        def finished(sender, **_):
            entries[current.key.get("")].append(f"finished by {sender.__name__}")

        def failed(sender, request, **_):
            entries[key_of(request.META)].append("exception signal")

        for signal, receiver in ((request_started, started), (request_finished, finished)):
            signal.connect(receiver, weak=False)
        got_request_exception.connect(failed, weak=False)
