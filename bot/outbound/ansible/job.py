"""
What the worker and its Ansible child say to one another: one JSON line each.

The job goes down on standard input, where no other process can read it; reports come
back on standard output. Both sides read through these closed shapes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.host import Step
from bot.domain.scope import SshScope


class _Line(BaseModel):
    # A validation error must not quote its input: a job holds the private key.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Job(_Line):
    """One play on one host, with all that it needs; `secrets` are variables too."""

    folder: str
    reach: SshScope
    private_key: str
    certificate: str
    files: tuple[tuple[str, str], ...]
    entry: str
    variables: dict[str, str | int | bool]
    secrets: dict[str, str]
    check: bool
    # A client's own playbook: checked by `foreign.py`.
    foreign: bool = False


class StepReport(_Line):
    """A task has ended."""

    kind: Literal["step"] = "step"
    step: Step


class EndReport(_Line):
    """
    The play has ended; nothing comes after it.

    `begun` says whether the host ran anything. `detail` is for the log of operators.
    `unfit` is why a client's playbook was turned away: reason, file, line, what.
    """

    kind: Literal["end"] = "end"
    status: Literal["ok", "failed", "unreachable", "cancelled", "broken", "unfit"]
    unfit: tuple[str, str, int, str] | None = None
    begun: bool = False
    changed: bool = False
    said: tuple[tuple[str, str], ...] = ()
    diff: str = ""
    task: str = ""
    detail: str = ""


Report = Annotated[StepReport | EndReport, Field(discriminator="kind")]
