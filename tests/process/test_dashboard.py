"""The dashboard in a real browser: what it shows, that what peers send stays text, and what it may have done."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.kit.live import until
from tests.process.hx import Hx, actions

TOKEN = "correct-horse-battery-staple"


@pytest.fixture
def hx(project) -> Iterator[Hx]:
    with actions(project) as found:
        yield found


@pytest.fixture
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as run_in:
        found = run_in.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


def _take(page: Any, folder: Path) -> None:
    """The pictures in the documentation."""
    page.wait_for_timeout(4000)
    page.screenshot(path=folder / "dashboard-phone.png")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1100, "height": 760})
    page.wait_for_timeout(1500)
    page.screenshot(path=folder / "dashboard-desktop.png")
    page.set_viewport_size({"width": 390, "height": 844})


def test_the_dashboard_is_live_escapes_what_it_shows_and_replaces_a_worker(
    project, hx, browser, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    extra = {**hx.extra, "HX_ADMIN_TOKEN": TOKEN}
    with (
        project.serve("--metrics", "--cache", "--admin", "127.0.0.1:0", **extra) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        with server.client() as client:
            first = client.get("/pid").text
        url = json.loads(hx("status", "--json", "--http-port", str(server.port)).stdout)["admin"][0]

        def get(target: str) -> int:
            with server.client() as client:
                return int(client.get(target).status)

        attack = "x=<img/src=x/onerror=document.title=1>&token=hush"
        pending = pool.submit(get, f"/wait?{attack}&mark={tmp_path / 'mark'}&gate={gate}")
        context = browser.new_context(
            http_credentials={"username": "any", "password": TOKEN},
            viewport={"width": 390, "height": 844},
            color_scheme="dark",
        )
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: dialog.accept())
        try:
            page.goto(url)
            page.wait_for_selector("#requests button", timeout=30_000)
            shown = page.inner_text("#requests")
            assert "<img/src=x" in shown
            assert "token=***" in shown
            assert page.query_selector("#requests img") is None
            if shots := os.environ.get("DASHBOARD_SHOTS"):
                _take(page, Path(shots))
            page.click("#requests button")
            page.wait_for_selector("#stack:has-text('in wait')", timeout=30_000)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it fits a phone"
            page.wait_for_selector("polyline >> nth=3", state="attached", timeout=30_000)
            gate.touch()
            assert pending.result(30) == 200
            page.wait_for_selector("#views:has-text('views.wait')", timeout=30_000)
            assert first in page.inner_text("#workers")
            # /wait has a query, which passes the cache by; /pid does not say how long it is good.
            page.wait_for_selector("#cache-reasons:has-text('no-freshness')", timeout=30_000)
            page.wait_for_selector("#cache-recent:has-text('/pid')", timeout=30_000)
            assert "1 passed by" in page.inner_text("#cache-holds")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it still fits"
            page.click("#workers button")

            def replaced() -> bool:
                with server.client() as client:
                    return client.get("/pid").text != first

            until(replaced, "another worker", 30)
            assert wrong == [], wrong
        finally:
            gate.touch()
            context.close()
