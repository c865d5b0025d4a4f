"""The showcase's counter and bench board in a real browser: two people, two workers, a reload in between."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.kit.live import Server, until
from tests.process.protocols import free_port

SHOWCASE = Path(__file__).resolve().parents[2] / "examples" / "showcase"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
playwright = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"
)


@pytest.fixture
def shop(tmp_path):
    with tempfile.TemporaryDirectory(prefix="hx-") as folder:
        own = {
            **os.environ,
            "SHOWCASE_DATA_DIR": str(tmp_path),
            "SHOWCASE_COUNTER_PORT": str(free_port()),
            "XDG_RUNTIME_DIR": folder,
        }
        for command in ("migrate", "collectstatic --noinput"):
            words = [sys.executable, "manage.py", *command.split(), "--verbosity", "0"]
            subprocess.run(words, cwd=SHOWCASE, env=own, check=True, capture_output=True)
        command = [sys.executable, "-m", "hendrix", "start", "--settings", "showcase.settings", "-w", "2"]
        # Not in the project's directory, where what the server says would be left.
        server = Server([*command, "--bind", "127.0.0.1:0", "--pythonpath", str(SHOWCASE)], tmp_path, own)
        try:
            server.await_listening()
            yield server
        except BaseException:
            print(server.log())
            server.kill()
            raise
        server.stop()


@pytest.fixture
def browser():
    with playwright.sync_playwright() as run:
        opened = run.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def sits(browser, shop, name):
    page = browser.new_context().new_page()
    page.set_default_timeout(30_000)
    page.goto(f"http://127.0.0.1:{shop.port}/counter/?name={name}")
    page.wait_for_selector("#state[data-state=live]")
    return page


def say(page, text):
    page.fill("#text", text)
    page.press("#text", "Enter")


def hears(page, text):
    page.wait_for_selector(f"#heard li:has-text('{text}')")


def test_two_people_at_the_counter_and_a_reload(shop, browser):
    ann, bob = sits(browser, shop, "Ann"), sits(browser, shop, "Bob")
    for page in (ann, bob):
        page.wait_for_function("document.getElementById('here').textContent === 'Ann, Bob'")
    say(ann, "is there anybody")
    hears(bob, "is there anybody")
    bob.wait_for_function("document.getElementById('typing').textContent.includes('Ann')")
    os.kill(shop.pid, signal.SIGHUP)
    for number in range(10):
        say(bob, f"while it reloads {number}.")
    until(lambda: "reload.done" in shop.log(), "the reload", 60)
    for page in (ann, bob):
        page.wait_for_selector("#state[data-state=live]")
        hears(page, "while it reloads 9.")
    say(ann, "still here")
    hears(bob, "still here")
    assert len(ann.locator("#heard li").all()) == len(bob.locator("#heard li").all()) == 12
    carl = sits(browser, shop, "Carl")
    hears(carl, "is there anybody")
    carl.context.close()
    ann.wait_for_function("document.getElementById('here').textContent === 'Ann, Bob'")


FALLBACK = """
const { connect } = await import("/static/" + MODULE);
const live = connect("/no/socket/here/", { events: "/board/events/" });
window.states = [];
window.heard = [];
live.onstate = (state) => window.states.push(state);
live.subscribe("repairs", (repair) => window.heard.push(repair.instrument));
"""


def hand_in(browser, shop, instrument):
    desk = browser.new_context().new_page()
    desk.goto(f"http://127.0.0.1:{shop.port}/repairs/")
    desk.fill("[name=name]", "Ann")
    desk.fill("[name=instrument]", instrument)
    desk.fill("[name=problem]", "It hums.")
    desk.locator("form:has([name=problem]) button").click()
    desk.wait_for_url("**/repairs/*-*/")
    desk.context.close()


def test_where_no_socket_can_be_had_events_are_read(shop, browser):
    """It is refused three times; then topics come by events, over a reload too, nothing twice."""
    page = browser.new_context().new_page()
    page.set_default_timeout(30_000)
    page.goto(f"http://127.0.0.1:{shop.port}/counter/?name=Ann")
    module = page.get_attribute("#script", "data-module").removeprefix("/static/")
    page.add_script_tag(type="module", content=FALLBACK.replace("MODULE", repr(module)))
    page.wait_for_function("window.states?.includes('events')")
    hand_in(browser, shop, "a lute")
    page.wait_for_function("window.heard.length === 1")
    os.kill(shop.pid, signal.SIGHUP)
    until(lambda: "reload.done" in shop.log(), "the reload", 60)
    hand_in(browser, shop, "a harp")
    page.wait_for_function("window.heard.length === 2")
    assert page.evaluate("window.heard") == ["a lute", "a harp"]
    assert page.evaluate("window.states.at(-1)") == "events"


def test_the_board_hears_of_a_repair(shop, browser):
    board = browser.new_context().new_page()
    board.goto(f"http://127.0.0.1:{shop.port}/board/")
    board.wait_for_selector("#state[data-state=live]")
    desk = browser.new_context().new_page()
    desk.goto(f"http://127.0.0.1:{shop.port}/repairs/")
    desk.fill("[name=name]", "Ann")
    desk.fill("[name=instrument]", "a lute")
    desk.fill("[name=problem]", "It hums.")
    desk.locator("form:has([name=problem]) button").click()
    board.wait_for_selector("#board li:has-text('a lute')")
