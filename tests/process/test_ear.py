"""The showcase's ear in a real browser: an upload, a task that hears it, a page loaded anew, a server reloaded."""

import io
import os
import signal
import wave

import pytest

from tests.kit.live import until
from tests.process import test_counter

pytestmark = test_counter.pytestmark
shop, browser = test_counter.shop, test_counter.browser

#: 441 Hz.
WAVE = b"\x00\x30" * 25 + b"\x00\xd0" * 25


def sound(seconds):
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setparams((1, 2, 22_050, 0, "NONE", ""))
        recording.writeframes(WAVE * (441 * seconds))
    return file.getvalue()


@pytest.fixture
def patience(monkeypatch):
    monkeypatch.setenv("SHOWCASE_EAR_PAUSE", "0.1")


def share(page):
    return page.evaluate("document.getElementById('progress').value")


def await_share(page, least):
    page.wait_for_function(f"document.getElementById('progress').value > {least}")
    return share(page)


@pytest.mark.usefixtures("patience")
def test_an_upload_is_heard_through_reloads_of_page_and_server(shop, browser):
    page = browser.new_context().new_page()
    page.set_default_timeout(60_000)
    page.goto(f"http://127.0.0.1:{shop.port}/ear/")
    page.set_input_files("[name=file]", {"name": "fork.wav", "mimeType": "audio/wav", "buffer": sound(6)})
    page.locator("form:has([name=file]) button").click()
    page.wait_for_url("**/ear/*-*/")
    so_far = await_share(page, 0.1)
    page.reload()
    assert await_share(page, 0) >= so_far  # what was told before this page is there at once
    page.wait_for_selector("#state[data-state=live]")
    os.kill(shop.pid, signal.SIGHUP)
    await_share(page, so_far + 0.1)
    until(lambda: "reload.done" in shop.log(), "the reload", 60)
    stranger = browser.new_context().new_page()
    assert stranger.goto(page.url).status == 404
    page.wait_for_selector("#tones li:has-text('A4')")
    assert page.text_content("#title") == "A4, 4 cents sharp"
    assert page.locator("#wave .toned").count() == 120
    page.reload()
    page.wait_for_selector("#tones li:has-text('A4')")
    assert share(page) == 1
