"""What the options of logs may say."""

from __future__ import annotations

import pytest

from hendrix.core.log_values import access_format, redacted_name, share, share_text


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("0", 0.0), ("0.25", 0.25), (".5", 0.5), ("10%", 0.1), ("1/10", 0.1), ("1 / 4", 0.25)],
)
def test_shares(text: str, value: float) -> None:
    assert share(text) == pytest.approx(value)
    assert share(share_text(share(text))) == share(text)


@pytest.mark.parametrize("text", ["", "half", "-1", "1/0", "2", "101%", "3/2", "nan", "1e-3", "1/10%"])
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(ValueError, match=r"give a share|give one"):
        share(text)


@pytest.mark.parametrize("text", ["card_number", "X-Acme-*", "card[number]", "*pin*"])
def test_names(text: str) -> None:
    assert redacted_name(text) == text


@pytest.mark.parametrize("text", ["", "*", "**", "a b", "a=b", "a&b", "a;b", "a,b", "ä", "x" * 101])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        redacted_name(text)


def test_access_formats() -> None:
    for name in ("off", "combined", "json", "%(h)s %(s)s", "%h %s"):
        assert access_format(name) == name
    with pytest.raises(ValueError, match="is no format; give off, combined, json"):
        access_format("combine")
