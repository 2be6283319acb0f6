"""
What is done with each gesture, and what the person is told.

An edge of the program: here an unforeseen error is caught, logged with a reference, and
the person is shown that reference and nothing else of it.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import structlog

from bot.domain.decision import Verdict
from bot.domain.errors import (
    BadArguments,
    NotAllowed,
    OutcomeUnknown,
    Refused,
    Unacknowledged,
    Unavailable,
)
from bot.domain.message import Message
from bot.flow.answer import answer
from bot.flow.break_glass import Shown, break_glass
from bot.flow.decide import Choice, cancel, decide, may_open
from bot.flow.door import turn_away
from bot.flow.halt import halted
from bot.inbound.slack import gestures
from bot.inbound.slack.typed import fit_reason, language_of, typed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from slack_bolt.context.ack.async_ack import AsyncAck

    from bot.domain.message import Language
    from bot.flow.door import Knock
    from bot.inbound.slack.face import Face
    from bot.inbound.slack.gestures import Carried, Click, Sent
    from bot.ports import Front

    _Told = TypeVar("_Told")
    _Doing: TypeAlias = Callable[[Click], Awaitable[Message | None]]

_log = structlog.get_logger()

# Of Slack's three seconds: what the flow may take before the person is told something.
PATIENCE: Final = 2.4
ALL_IN_ALL: Final = 2.8
REASON_BLOCK: Final = "reason"
REASON_INPUT: Final = "text"

_Rule = Literal["other-workspace", "stale-button"]


class Desk:
    """Takes gestures in, answers them; holds nothing between two of them."""

    def __init__(self, *, front: Front, face: Face, patience: float = PATIENCE) -> None:
        self._front = front
        self._face = face
        self._patience = patience

    async def command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Do what was typed; the answer is in the acknowledgement."""
        try:
            knock = gestures.typed(body)
            view = await self._in_time(typed(knock, front=self._front))
            drawn = self._face.answer(view, domain=gestures.domain(body))
        except Exception as error:  # noqa: BLE001 - the edge: logged with a reference
            drawn = self._face.said(_told(error), language="en")
        await ack(text=drawn.text, blocks=list(drawn.blocks), response_type="ephemeral")

    async def approve(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Record an approval."""
        await self._clicked(ack, body, self._approve)

    async def cancel(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Call an operation off."""
        await self._clicked(ack, body, self._cancel)

    async def halt(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Stop what runs."""
        await self._clicked(ack, body, self._halt)

    async def break_glass(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Break the glass of an emergency."""
        await self._clicked(ack, body, self._break_glass)

    async def deny(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Ask why, if this person may deny at all."""
        await self._clicked(ack, body, self._ask_why)

    async def older(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Show the next page of the audit in the place of this one."""
        await self._clicked(ack, body, self._older)

    async def denied(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Record a denial with its reason; what came of it takes the form's place."""
        language: Language = "en"
        try:
            form = gestures.sent(body, block=REASON_BLOCK, action=REASON_INPUT)
            language = language_of(form.knock, front=self._front)
            told = await self._in_time(self._deny(form))
        except BadArguments as refusal:  # the reason itself, to be corrected there
            problem = refusal.message
        except Exception as error:  # noqa: BLE001 - the edge: logged with a reference
            problem = _told(error)
        else:
            view = self._face.told(told, language=language)
            await ack(response_action="update", view=view)
            return
        # Under the field, so that what was written is not lost.
        said = self._face.plain(problem, language=language)
        await ack(response_action="errors", errors={REASON_BLOCK: said})

    async def nothing(self, ack: AsyncAck) -> None:
        """Acknowledge what needs no more: a link's click, a closed form, an event."""
        await ack()

    async def _clicked(self, ack: AsyncAck, body: dict[str, Any], do: _Doing) -> None:
        """Do it, then tell the person, then let Slack know that it was taken."""
        began = asyncio.get_running_loop().time()
        knock = None
        try:
            click = gestures.clicked(body)
            knock = click.knock
            if click.away:
                told: Message | None = await self._turn_away(knock, "other-workspace")
            else:
                told = await self._in_time(do(click))
        except Exception as error:  # noqa: BLE001 - the edge: logged with a reference
            told = _told(error)
        if told is not None and knock is not None:
            await self._whisper(told, knock, until=began + ALL_IN_ALL)
        await ack()

    async def _whisper(self, message: Message, knock: Knock, *, until: float) -> None:
        """Tell the person; if that fails the card and the thread still do."""
        try:
            async with asyncio.timeout_at(until):
                await self._face.whisper(
                    message,
                    language=language_of(knock, front=self._front),
                    channel=knock.channel,
                    user=knock.user,
                )
        except (Refused, Unavailable, TimeoutError) as error:
            _log.warning("slack.whisper_failed", key=message.key, detail=str(error))

    async def _approve(self, click: Click) -> Message:
        if click.carried is None:
            return await self._turn_away(click.knock, "stale-button")
        choice = _choice(click.carried, Verdict.APPROVE)
        return await decide(click.knock, choice=choice, front=self._front)

    async def _break_glass(self, click: Click) -> Message:
        if click.carried is None:
            return await self._turn_away(click.knock, "stale-button")
        shown = Shown(click.carried.operation, click.carried.digest)
        return await break_glass(click.knock, shown=shown, front=self._front)

    async def _cancel(self, click: Click) -> Message:
        if click.carried is None:
            return await self._turn_away(click.knock, "stale-button")
        operation = click.carried.operation
        return await cancel(click.knock, operation=operation, front=self._front)

    async def _halt(self, click: Click) -> Message:
        if click.carried is None:
            return await self._turn_away(click.knock, "stale-button")
        operation = click.carried.operation
        return await halted(click.knock, operation=operation, front=self._front)

    async def _ask_why(self, click: Click) -> Message | None:
        if click.carried is None:
            return await self._turn_away(click.knock, "stale-button")
        choice = _choice(click.carried, Verdict.DENY)
        barred = await may_open(click.knock, choice=choice, front=self._front)
        if barred is not None:
            return barred
        try:
            await self._face.ask_why(
                operation=choice.operation,
                digest=choice.digest,
                channel=click.knock.channel,
                trigger=click.trigger,
                language=language_of(click.knock, front=self._front),
            )
        except (Refused, Unavailable) as error:
            _log.warning("slack.form_failed", detail=str(error))
            return Message.of("edge.form-late")
        return None

    async def _older(self, click: Click) -> Message | None:
        older = gestures.read_older(click.value)
        if older is None:
            return await self._turn_away(click.knock, "stale-button")
        knock = replace(click.knock, text=older.query)
        view = await answer(knock, front=self._front, before=older.before)
        await self._face.replace(view, address=click.answers_to, domain=click.domain)
        return None

    async def _deny(self, form: Sent) -> Message:
        if form.away:
            return await self._turn_away(form.knock, "other-workspace")
        if form.carried is None:
            return await self._turn_away(form.knock, "stale-button")
        fit_reason(form.reason)
        choice = _choice(form.carried, Verdict.DENY, reason=form.reason)
        return await decide(form.knock, choice=choice, front=self._front)

    async def _turn_away(self, knock: Knock, rule: _Rule) -> Message:
        refusal = NotAllowed(Message.of(f"refused.{rule}"))
        return await turn_away(knock, refusal=refusal, front=self._front)

    async def _in_time(self, doing: Awaitable[_Told]) -> _Told:
        try:
            async with asyncio.timeout(self._patience):
                return await doing
        except TimeoutError as error:
            raise OutcomeUnknown("Tandem", "not done in time") from error


def _choice(carried: Carried, verdict: Verdict, *, reason: str = "") -> Choice:
    return Choice(carried.operation, carried.digest, verdict, reason)


def _told(error: Exception) -> Message:
    """Return what to say of an error, which is logged here; never more than a name."""
    match error:
        case OutcomeUnknown(system=system) | Unacknowledged(system=system):
            _log.warning("slack.unknown", system=system, detail=str(error))
            return Message.of("edge.unknown", {"system": system})
        case Unavailable(system=system):
            _log.warning("slack.unavailable", system=system, detail=str(error))
            return Message.of("edge.unavailable", {"system": system})
    reference = secrets.token_hex(4)
    _log.error("slack.broken", reference=reference, exc_info=error)
    return Message.of("edge.broken", {"reference": reference})
