"""Django's test runner, which writes down what became of each test."""

from __future__ import annotations

import json
import os
import unittest
from pathlib import Path
from typing import Any

from django.test.runner import DiscoverRunner

if os.environ.get("PARITY_HANDLER") == "hendrix":
    import facade

    facade.take_over()


class Recorder(DiscoverRunner):
    """``PARITY_RESULT`` names the file."""

    def get_resultclass(self) -> Any:
        return Recording

    def suite_result(self, suite: Any, result: Any, **kwargs: Any) -> Any:
        Path(os.environ["PARITY_RESULT"]).write_text(json.dumps(result.outcomes))
        return super().suite_result(suite, result, **kwargs)


class Recording(unittest.TextTestResult):
    """Outcomes by test: ``passed``, ``skipped``, or the traceback of what failed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outcomes: dict[str, str] = {}

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self.outcomes[test.id()] = "passed"

    def addSkip(self, test: Any, reason: str) -> None:
        super().addSkip(test, reason)
        self.outcomes[test.id()] = "skipped"

    def addError(self, test: Any, error: Any) -> None:
        super().addError(test, error)
        self.outcomes[test.id()] = self._exc_info_to_string(error, test)

    def addFailure(self, test: Any, error: Any) -> None:
        super().addFailure(test, error)
        self.outcomes[test.id()] = self._exc_info_to_string(error, test)

    def addSubTest(self, test: Any, subtest: Any, error: Any) -> None:
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.outcomes[test.id()] = self._exc_info_to_string(error, test)
