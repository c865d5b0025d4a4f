"""One part of the report: a heading, Markdown below it, the raw figures for the JSON file."""

from dataclasses import dataclass, field


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
