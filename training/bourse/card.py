"""Model cards: what a shipped file is, from which data, by which command, and how good."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .artefact import write_text


@dataclass
class Card:
    name: str
    summary: str
    command: str
    data: list[tuple[str, str, str]]
    """(source, licence, use)."""
    scores: list[tuple[str, str, str]]
    """(measure, this head, baselines)."""
    limits: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    size_bytes: int = 0

    def write(self, path: Path) -> None:
        lines = [f"# {self.name}", "", self.summary, "", f"Size: {self.size_bytes:,} bytes. Licence: as the project.",
                 "", "## Made by", "", f"    {self.command}", "", "## Data", "",
                 "| source | licence | use |", "|---|---|---|"]
        lines += [f"| {a} | {b} | {c} |" for a, b, c in self.data]
        lines += ["", "## Scores, held out", "", "| measure | this head | baselines |", "|---|---|---|"]
        lines += [f"| {a} | {b} | {c} |" for a, b, c in self.scores]
        for title, items in (("How", self.details), ("Limits", self.limits)):
            if items:
                lines += ["", f"## {title}", ""] + [f"- {item}" for item in items]
        write_text(path, "\n".join(lines) + "\n")
