"""The reference page is generated, and current."""

from pathlib import Path

from hendrix.cli.reference import render
from hendrix.core.config import OPTIONS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "options.md"


def test_every_option_is_in_it() -> None:
    page = render()
    assert all(f"`{flag}`" in page for option in OPTIONS.values() for flag in option.flags)
    assert all(f"`{option.environ}`" in page for option in OPTIONS.values())


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == render(), "run: python -m hendrix.cli.reference > docs/reference/options.md"
