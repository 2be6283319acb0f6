"""
The check that stands before an apply: `approved-plan ENVIRONMENT refuse|apply`.

A stand-in for the lines of shell and jq in `deploy/gitlab/terraform.gitlab-ci.yml`, so
that the sandbox needs no jq; a test holds both to the same verdicts and the same files.
It reads `plan.json` and the commit's message where a job has them.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.domain.errors import Refused
from bot.domain.terraform.outline import outline, outline_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_WORDS: Final = 2
_WRONG_USE: Final = 2


def main() -> int:
    """Run the command line of this process and return its exit code."""
    environment = dict(os.environ)  # noqa: TID251 - a job is told its commit that way
    return check(sys.argv[1:], environment=environment, directory=Path.cwd(), say=_say)


def check(
    words: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path,
    say: Callable[[str], None],
) -> int:
    """Return 0 when the plan may be applied, 1 when it is refused."""
    if len(words) != _WORDS or words[1] not in {"refuse", "apply"}:
        say("usage: approved-plan ENVIRONMENT refuse|apply")
        return _WRONG_USE
    try:
        lines = outline((directory / "plan.json").read_bytes())
    except (OSError, Refused) as error:
        say(f"plan.json cannot be read, so nothing is applied: {error}")
        return 1
    planned, note = outline_digest(lines), directory / "unapproved.json"
    (directory / "outline.txt").write_text("".join(f"{one}\n" for one in lines))
    note.unlink(missing_ok=True)
    approved = named(environment.get("CI_COMMIT_MESSAGE", ""), environment=words[0])
    if approved == planned or (not approved and words[1] == "apply"):
        return 0
    found = {"approved": approved, "planned": planned}
    note.write_text(json.dumps(found, separators=(",", ":")) + "\n")
    if approved:
        say(f"Refused, and nothing was applied: the approved plan is {approved}")
        say(f"and this one is {planned}; outline.txt has its lines.")
    else:
        say("Refused, and nothing was applied: the commit's message names no approved")
        say(f"plan for {words[0]}. Was it merged by Tandem?")
    return 1


def named(message: str, *, environment: str) -> str:
    """Return the digest that the last paragraph of a message names, or nothing."""
    paragraphs = [
        [line for line in one.split("\n") if line] for one in message.split("\n\n")
    ]
    last = next((one for one in reversed(paragraphs) if one), [""])
    if not last[0].startswith("Tandem-Operation: "):
        return ""
    key = f"Tandem-Plan: {environment} "
    found = [one.removeprefix(key) for one in last[1:] if one.startswith(key)]
    return found[0] if len(found) == 1 and _DIGEST.fullmatch(found[0]) else ""


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
