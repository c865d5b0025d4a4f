"""The public doors, by trial: ``trial hendrix``."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import inlineCallbacks
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase

from hendrix.core.errors import HendrixError, UsageError
from hendrix.deploy import HendrixDeploy
from hendrix.facilities.services import HendrixService, get_service
from hendrix.options import options
from hendrix.test.case import HendrixTestCase


class TestServing(HendrixTestCase):
    """A server of each kind."""

    def test_wsgi(self) -> None:
        """An application, which is told the path."""
        server = self.wsgiDeploy()
        answer = server.request("/there?x=1")
        self.assertEqual((answer.status, answer.text), (200, "hello: GET /there\n"))
        self.assertEqual(answer.headers["server"], "hendrix")

    @inlineCallbacks
    def test_settings(self) -> Any:
        """Both kinds of views of a Django project, with a service between them."""
        server = yield deferToThread(self.settingsDeploy, options={"workers": 2})
        for kind in ("sync", "async"):
            answer = yield deferToThread(server.request, f"/{kind}")
            self.assertEqual((answer.status, answer.text), (200, f"hello {kind}"))
        missing = yield deferToThread(server.request, "/missing")
        self.assertEqual(missing.status, 404)

    def test_one_that_does_not_come_up(self) -> None:
        """What it said is told."""
        error = self.assertRaises(HendrixError, self.settingsDeploy, options={"settings": "no.such.settings"})
        self.assertIn("no.such.settings", str(error))

    def test_options_that_are_none_leave_nothing_behind(self) -> None:
        """Not even an empty directory."""
        directory = self.mktemp()
        os.mkdir(directory)
        self.patch(tempfile, "tempdir", directory)
        self.assertRaises(UsageError, self.deploy, options={"wokers": 2})
        self.assertEqual(os.listdir(directory), [])

    def test_wsgi_takes_no_settings(self) -> None:
        """As ever."""
        self.assertRaises(UsageError, self.wsgiDeploy, options={"settings": "some.settings"})


class TestHendrixDeploy(SynchronousTestCase):
    """What needs no server."""

    def test_options(self) -> None:
        """Old and new names; a wrong one is refused with the nearest."""
        deployer = HendrixDeploy(options={"http_port": 9000, "max_upload_bytes": 1024})
        self.assertEqual(deployer.options["http_port"], 9000)
        self.assertEqual(deployer.options["client_max_body_size"], 1024)
        error = self.assertRaises(UsageError, HendrixDeploy, options={"wokers": 2})
        self.assertIn("workers", str(error))

    def test_defaults(self) -> None:
        """``hendrix.options.options()``."""
        self.assertEqual(options()["http_port"], 8000)
        self.assertEqual(options(["--threads", "3"])["threads"], 3)


class TestServices(SynchronousTestCase):
    """The collection."""

    def test_by_name(self) -> None:
        """Services are found by it, in a worker."""
        collection = HendrixService()
        inner = MultiService()
        inner.setName("inner")
        inner.setServiceParent(collection)
        self.assertIs(collection.getServiceNamed("inner"), inner)
        self.assertRaises(KeyError, collection.get_port, "inner")

    def test_in_no_worker(self) -> None:
        """There are none."""
        self.assertRaises(LookupError, get_service, "greeter")
