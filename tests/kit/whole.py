"""How much is run: a good part by default, all of it with ``HENDRIX_TEST_ALL=1`` (``make test-all``)."""

from __future__ import annotations

import os

EVERYTHING = bool(os.environ.get("HENDRIX_TEST_ALL"))
