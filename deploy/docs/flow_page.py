"""docs/flow.md, from the state machine and the stages' own docstrings."""

from __future__ import annotations

import inspect
from importlib import import_module

from bot.domain.operation import ENDED, STEPS, State

# In the order of an operation's life; who wakes them is the inbound side's to say.
_STAGES = {
    "ask": "a typed line, a form, the command line",
    "prepare": "the worker, when an operation was asked",
    "watch": "the worker, at intervals and when GitLab hints at a change",
    "decide": "a button, `/infra approve`, the command line",
    "break_glass": "a button, `/infra break-glass` with id and fingerprint",
    "execute": "the worker, when the route is full or the glass is broken",
    "report": "the worker, when something is to be said",
    "sweep": "the worker's timer",
    "protect": "the worker, at intervals",
    "review": "`/infra review`",
    "link": "`/infra link`",
    "answer_link": "the worker, when somebody asked to be linked",
    "tidy": "the worker, when an operation ended without being carried out",
    "answer": "a question",
}

_HEAD = """\
# The flow of an operation

<!-- Made from bot/domain/operation.py and bot/flow/*.py by `make docs`. -->

An operation is a row. Each stage takes it one step further in one transaction: its new
state, what the audit says, what people are told and the next job are committed
together, or none of it. Stages never call one another; the database is where they meet.
A human wait is a row that nobody holds.
"""


def flow_page() -> str:
    """Return the page: the picture, the table of steps, and what each stage does."""
    return f"{_HEAD}\n{_picture()}\n{_table()}\n{_ends()}\n{_stages()}"


def _picture() -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"  [*] --> {State.ASKED.value}"]
    for state, steps in STEPS.items():
        lines += [f"  {state.value} --> {step.to.value}: {step.by}" for step in steps]
    lines += [f"  {state.value} --> [*]" for state in State if state in ENDED]
    return "\n".join((*lines, "```", ""))


def _table() -> str:
    rows = [
        f"| {state.value} | {step.to.value} | {step.by} | `{step.event}` |"
        for state, steps in STEPS.items()
        for step in steps
    ]
    return "\n".join(
        (
            "## Every step there is",
            "",
            "The code moves by this table and the database refuses any other step.",
            "",
            "| from | to | who takes it | what the audit says |",
            "|---|---|---|---|",
            *rows,
            "",
        )
    )


def _ends() -> str:
    ends = ", ".join(state.value for state in State if state in ENDED)
    return f"Nothing leads out of: {ends}.\n"


def _stages() -> str:
    parts = ["## The stages", ""]
    for name, woken in _STAGES.items():
        about = inspect.getdoc(import_module(f"bot.flow.{name}")) or ""
        parts += [f"### {name}", "", f"Woken by {woken}.", "", about, ""]
    return "\n".join(parts)
