"""What can be seen in any file: secrets, white space, what the pipeline runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.domain.guidelines.advice import Advice
from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

# Shapes that their makers document, so that a match is hardly ever an accident; what
# is assigned to a name such as `password` is looked for besides.
_SECRETS: Final = {
    "aws-key": re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    "private-key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "gitlab-token": re.compile(r"\bgl(?:pat|dt|rt|cbt|ptt|ft)-[A-Za-z0-9_-]{20,}"),
    "slack-token": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "vault-token": re.compile(r"\bhvs\.[A-Za-z0-9_-]{24,}"),
    "password": re.compile(
        r"""(?i)\b[a-z0-9_]*(?:password|passwd|secret_key|api_key)["']?\s*[=:]\s*"""
        r"""["'](?![${<*]|\{\{|xxx|change|example)[^"'\s$]{6,}["']"""
    ),
}
_PIPELINE: Final = re.compile(r"(^|/)\.gitlab-ci[^/]*\.ya?ml$|^\.gitlab/")
_LONGEST_LINE: Final = 4_000


def secrets(path: str, lines: list[str]) -> Iterator[Advice]:
    """Yield the lines that hold what looks like a secret; never the secret itself."""
    for number, line in enumerate(lines, 1):
        for kind, shape in _SECRETS.items():
            if shape.search(line[:_LONGEST_LINE]):
                said = Message.of("guide.secret", {"kind": kind})
                yield Advice("secret", path, number, said, serious=True)
                break


def formatting(path: str, lines: list[str], *, text: str) -> Iterator[Advice]:
    """Yield what `terraform fmt` would not leave: white space at the wrong place."""
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield Advice("formatting", path, number, Message.of("guide.trailing"))
        elif "\t" in line[: len(line) - len(line.lstrip())]:
            yield Advice("formatting", path, number, Message.of("guide.tabs"))
    if text and not text.endswith("\n"):
        last = max(len(lines), 1)
        yield Advice("formatting", path, last, Message.of("guide.last-line"))


def pipeline(path: str) -> Iterator[Advice]:
    """Yield a warning for a file that says what runs with the project's rights."""
    if _PIPELINE.search(path):
        yield Advice("pipeline", path, 1, Message.of("guide.pipeline"), serious=True)
