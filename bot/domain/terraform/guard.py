"""
Whether a plan does what was intended and nothing else.

Everything but the intended attribute of the intended address (or that whole resource,
created or destroyed) is a finding, dangerous ones first. Findings raise the risk of an
operation, never lower it. What follows from the change by the provider's own rules is
shown as a side effect, not as a surprise.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.message import Message
from bot.domain.terraform.finding import (
    Finding,
    GuardReport,
    Intended,
    IntendedWhole,
    Kind,
    Severity,
)
from bot.domain.terraform.literal import Scalar, canonical
from bot.domain.terraform.plan import Action, AttributeChange
from bot.domain.terraform.refusal import Reason, excerpt, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.terraform.plan import OutputChange, Plan, ResourceChange


# What the AWS provider plans as unknown because the change stops and starts the machine
# (seen in a plan of provider 5.100.0, kept among the tests' fixtures), and what
# terraform_data documents as derived from its input.
_SIDE_EFFECTS: Final = {
    ("aws_instance", "instance_type"): frozenset({"public_dns", "public_ip"}),
    ("terraform_data", "input"): frozenset({"output"}),
}
_SEVERITY: Final = {
    Kind.DESTROY: Severity.DANGER,
    Kind.FORGET: Severity.DANGER,
    Kind.REPLACE: Severity.DANGER,
    Kind.INVOKE: Severity.DANGER,
    Kind.READ: Severity.NOTE,
    Kind.SIDE_EFFECT: Severity.NOTE,
}
_MEANT: Final = frozenset({Kind.CREATE, Kind.UPDATE, Kind.READ, Kind.OUTPUT})
_ORDER: Final = {kind: index for index, kind in enumerate(Kind)}
_MOST_NAMES: Final = 5


def guard(plan: Plan, intended: Intended | IntendedWhole) -> GuardReport:
    """Return what the plan does beyond `intended`; refuses an unfinished plan."""
    if plan.errored:
        raise refused(Reason.PLAN_ERRORED, file="plan.json")
    if not plan.complete:
        raise refused(Reason.PLAN_INCOMPLETE, file="plan.json")
    if isinstance(intended, IntendedWhole):
        found = [*_whole(plan, intended), *_others(plan)]
    else:
        found = [*_resources(plan, intended), *_others(plan)]
    found.sort(key=lambda each: (-each.severity, _ORDER[each.kind], each.address))
    return GuardReport(tuple(found))


def survey(plan: Plan) -> GuardReport:
    """
    Return what is dangerous in a plan of which nobody said what it should do.

    What it creates or changes is what its author meant; what is destroyed, replaced,
    forgotten or invoked is told, and so is what moved by itself.
    """
    if plan.errored:
        raise refused(Reason.PLAN_ERRORED, file="plan.json")
    if not plan.complete:
        raise refused(Reason.PLAN_INCOMPLETE, file="plan.json")
    found = [
        one
        for change in plan.changes
        for one in (*_special(change), *_elsewhere(change))
        if one.kind not in _MEANT
    ]
    found += _others(plan)
    found.sort(key=lambda each: (-each.severity, _ORDER[each.kind], each.address))
    return GuardReport(tuple(found))


def _resources(plan: Plan, intended: Intended) -> Iterator[Finding]:
    target, done = str(intended.address), False
    for change in plan.changes:
        yield from _special(change)
        if change.address != target or change.deposed is not None:
            yield from _elsewhere(change)
        elif change.action is Action.UPDATE:
            for each in change.attributes:
                meant = _same_path(each.path, intended.attribute)
                done = done or meant
                yield from _meant(each, intended) if meant else _beside(each, intended)
        else:
            yield from _elsewhere(change)
            done = done or change.action is not Action.NO_OP
    if not done:
        what = Message.of(
            "guard.not-planned", {"address": target, "attribute": intended.attribute}
        )
        yield _finding(Kind.NOT_PLANNED, target, what)


def _whole(plan: Plan, intended: IntendedWhole) -> Iterator[Finding]:
    target, done = str(intended.address), False
    wanted = Action.CREATE if intended.creates else Action.DELETE
    for change in plan.changes:
        yield from _special(change)
        here = change.address == target and change.deposed is None
        if here and change.action is wanted:
            done = True
            yield from _as_said(change, intended)
        else:
            yield from _elsewhere(change)
    if not done:
        key = "guard.not-created" if intended.creates else "guard.not-destroyed"
        what = Message.of(key, {"address": target})
        yield _finding(Kind.NOT_PLANNED, target, what)


def _as_said(change: ResourceChange, intended: IntendedWhole) -> Iterator[Finding]:
    """Yield a finding for each plain value that is not the one that was said."""
    there = {each.path: each for each in change.attributes}
    for path, value in intended.values:
        found = there.get(path, AttributeChange(path, None, None))
        text = found.after if intended.creates else found.before
        told = found.known and not found.sensitive
        if not told or not _same_value(text, value):
            yield _attribute(Kind.OTHER_VALUE, found, change.address)


_ELSEWHERE: Final = {
    Action.CREATE: Kind.CREATE,
    Action.UPDATE: Kind.UPDATE,
    Action.DELETE: Kind.DESTROY,
    Action.REPLACE: Kind.REPLACE,
    Action.FORGET: Kind.FORGET,
    Action.READ: Kind.READ,
}


def _elsewhere(change: ResourceChange) -> Iterator[Finding]:
    """Yield the finding for a change that was not asked for at all."""
    kind = _ELSEWHERE.get(change.action)
    if kind is None:
        return
    causes = change.replace_paths
    if kind is not Kind.REPLACE:
        causes = tuple(each.path for each in change.attributes)
    unexplained = kind is Kind.REPLACE and not causes
    said = Message.of(
        f"guard.{kind}-unexplained" if unexplained else f"guard.{kind}",
        {"address": change.address, "attributes": _names(causes)},
    )
    yield _finding(kind, change.address, said, change.attributes)


def _special(change: ResourceChange) -> Iterator[Finding]:
    """Yield what happens to the state beside the action itself."""
    if change.moved_from is not None:
        said = Message.of(
            "guard.move", {"address": change.address, "from": change.moved_from}
        )
        yield _finding(Kind.MOVE, change.address, said)
    if change.imported:
        said = Message.of("guard.import", {"address": change.address})
        yield _finding(Kind.IMPORT, change.address, said)


def _meant(change: AttributeChange, intended: Intended) -> Iterator[Finding]:
    """Yield a finding when the intended attribute does not get the intended value."""
    wanted = (intended.before, intended.after)
    texts = (change.before, change.after)
    told = change.known and not change.sensitive
    if not told or not all(map(_same_value, texts, wanted)):
        yield _attribute(Kind.OTHER_VALUE, change, str(intended.address))


def _beside(change: AttributeChange, intended: Intended) -> Iterator[Finding]:
    cause = (intended.address.type, intended.attribute.partition(".")[0])
    expected = not change.known and change.path in _SIDE_EFFECTS.get(cause, frozenset())
    kind = Kind.SIDE_EFFECT if expected else Kind.OTHER_ATTRIBUTE
    yield _attribute(kind, change, str(intended.address))


def _attribute(kind: Kind, change: AttributeChange, address: str) -> Finding:
    said = Message.of(
        f"guard.{kind}",
        {
            "address": address,
            "attribute": change.path,
            "before": _shown(change, change.before),
            "after": _shown(change, change.after, later=not change.known),
        },
    )
    return _finding(kind, address, said, (change,))


def _others(plan: Plan) -> Iterator[Finding]:
    """Yield what concerns no resource change: actions, checks, outputs, drift."""
    for address in plan.invocations:
        said = Message.of("guard.invoke", {"address": address})
        yield _finding(Kind.INVOKE, address, said)
    for address in plan.failed_checks:
        said = Message.of("guard.check", {"address": address})
        yield _finding(Kind.CHECK, address, said)
    for output in plan.outputs:
        yield _output(output)
    for drift in plan.drift:
        names = _names(tuple(each.path for each in drift.attributes))
        said = Message.of(
            "guard.drift", {"address": drift.address, "attributes": names}
        )
        yield _finding(Kind.DRIFT, drift.address, said, drift.attributes)


def _output(output: OutputChange) -> Finding:
    address = f"output.{output.name}"
    said = Message.of("guard.output", {"name": output.name})
    return _finding(Kind.OUTPUT, address, said, output.attributes)


def _finding(
    kind: Kind,
    address: str,
    message: Message,
    attributes: tuple[AttributeChange, ...] = (),
) -> Finding:
    severity = _SEVERITY.get(kind, Severity.WARNING)
    return Finding(kind, severity, address, message, attributes)


def _same_path(path: str, attribute: str) -> bool:
    """Return whether they name one attribute; a block that is alone is `[0]`."""
    return path.replace("[0]", "") == attribute


def _same_value(text: str | None, value: Scalar | None) -> bool:
    if text is None or value is None:
        return text is value
    read = json.loads(text, parse_float=Decimal)
    return isinstance(read, Scalar | Decimal) and canonical(read) == canonical(value)


def _names(paths: tuple[str, ...]) -> str:
    shown = ", ".join(paths[:_MOST_NAMES])
    return f"{shown}, …" if len(paths) > _MOST_NAMES else shown


def _shown(
    change: AttributeChange, text: str | None, *, later: bool = False
) -> str | Message:
    if change.sensitive:
        return Message.of("guard.secret-value")
    if later:
        return Message.of("guard.later-value")
    return excerpt("null" if text is None else text)
