"""What became of many edits: accepted, refused by reason, or wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Book:
    """The count of one trial; a `wrong` edit is a defect, with where and what."""

    files: int = 0
    unreadable: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    # Files before and after each accepted edit of HCL, for `terraform fmt`.
    edited: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    def told(self, name: str) -> str:
        """Return the figures in a few lines."""
        tried, no = self.accepted.total(), self.refused.total()
        lines = [
            f"{name}: {self.files} files, {self.unreadable} not read",
            f"  {tried} edits accepted, {no} refused, {len(self.wrong)} wrong",
        ]
        lines += [f"  accepted {kind}: {n}" for kind, n in self.accepted.most_common()]
        lines += [f"  refused {why}: {n}" for why, n in self.refused.most_common()]
        return "\n".join(lines)
