"""One part of the report: a heading, Markdown below it, the raw figures for the JSON file.

A section is drawn from its raw figures alone, so that parts of a report can be measured on different days.
"""

from dataclasses import dataclass, field
from typing import Any

Raw = dict[str, Any]  # one row of figures, as JSON has it


@dataclass(frozen=True)
class Section:
    """`raw` goes to the JSON file under `key`."""

    key: str
    title: str
    text: str
    raw: object
    pictures: dict[str, str] = field(default_factory=dict)

    def markdown(self) -> str:
        """The section as it stands in the report."""
        return f"## {self.title}\n\n{self.text.strip()}\n"
