"""
The form that asks why, and what takes its place once it was sent.

What the form belongs to travels in `private_metadata`, which Slack keeps and signs; who
fills it in is told by the signed request alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bot.outbound.slack import blocks

if TYPE_CHECKING:
    from bot.outbound.slack.blocks import Json
    from bot.outbound.slack.pen import Pen

DENIAL: Final = "denial"
REASON_BLOCK: Final = "reason"
REASON_INPUT: Final = "text"
SHORTEST: Final = 3
LONGEST: Final = 500


def denial(*, operation: str, digest: str, channel: str, pen: Pen) -> Json:
    """Return the form that asks why an operation is denied."""
    metadata = {"o": operation, "d": digest, "c": channel}
    return blocks.modal(
        callback=DENIAL,
        title=pen.label("denial.title"),
        submit=pen.label("denial.submit"),
        close=pen.label("denial.close"),
        metadata=json.dumps(metadata, separators=(",", ":")),
        blocks=[
            blocks.long_input(
                block_id=REASON_BLOCK,
                action=REASON_INPUT,
                label=pen.label("denial.reason"),
                hint=pen.label("denial.hint"),
                least=SHORTEST,
                most=LONGEST,
            )
        ],
    )


def told(text: str, *, pen: Pen) -> Json:
    """Return what stands in the form's place: one text, already in mrkdwn."""
    return blocks.modal(
        callback=f"{DENIAL}_told",
        title=pen.label("denial.title"),
        close=pen.label("denial.done"),
        blocks=[blocks.section(text)],
    )
