"""
From the JSON of a plan to a `Plan`, and to the digest of what it means.

The digest covers what Terraform would do and what it found changed. It leaves out what
differs from run to run (time, key order) or only repeats (configuration, prior state).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from bot.domain.terraform.literal import canonical
from bot.domain.terraform.plan import Action, OutputChange, Plan, ResourceChange
from bot.domain.terraform.plan_diff import Sides, TooDeepError, difference, join
from bot.domain.terraform.plan_secrets import hidden, secrets
from bot.domain.terraform.plan_wire import WirePlan, decode
from bot.domain.terraform.refusal import Reason, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from bot.domain.terraform.plan import AttributeChange
    from bot.domain.terraform.plan_wire import WireChange, WireResource

_ACTIONS: Final = {
    ("no-op",): Action.NO_OP,
    ("create",): Action.CREATE,
    ("read",): Action.READ,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("forget",): Action.FORGET,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("create", "forget"): Action.REPLACE,
}


def read_plan(data: bytes) -> Plan:
    """
    Return the plan that `terraform show -json` printed as `data`.

    Refuses more than 32 MiB, a format version other than 1.x, JSON that is ambiguous or
    not a plan, and actions this version does not know.
    """
    wire, raw = decode(data)
    try:
        return _plan(wire, raw)
    except TooDeepError as error:
        raise _unreadable(str(error)) from error


def plan_digest(data: bytes) -> str:
    """
    Return the hash of the meaning of a plan, as hexadecimal digits.

    Two runs that would do the same hash the same; a plan in which any value, address or
    action was changed does not. Refuses like `read_plan`.
    """
    return read_plan(data).digest


def _plan(wire: WirePlan, raw: dict[str, Any]) -> Plan:
    _no_twins(wire)
    reader = _Reader(secrets(_every_change(wire)))
    drift = (reader.resource(each, drift=True) for each in wire.resource_drift)
    deferred = wire.deferred_changes or wire.deferred_action_invocations
    return Plan(
        format_version=wire.format_version,
        terraform_version=wire.terraform_version,
        changes=tuple(reader.resource(each) for each in wire.resource_changes),
        drift=tuple(each for each in drift if _tells_something(each)),
        outputs=tuple(reader.output(name, each) for name, each in _outputs(wire)),
        failed_checks=_failed_checks(wire),
        invocations=tuple(each.address for each in wire.action_invocations),
        errored=wire.errored,
        complete=wire.complete and not deferred,
        digest=_digest(wire, raw),
    )


def _no_twins(wire: WirePlan) -> None:
    seen: set[tuple[str, str | None]] = set()
    for each in wire.resource_changes:
        if (each.address, each.deposed) in seen:
            raise _unreadable(each.address)
        seen.add((each.address, each.deposed))


def _unreadable(what: str) -> Exception:
    return refused(Reason.PLAN_SHAPE, file="plan.json", what=what)


def _action(change: WireChange, *, of: str) -> Action:
    found = _ACTIONS.get(tuple(change.actions))
    if found is None:
        raise _unreadable(of)
    return found


def _sides(change: WireChange) -> Sides:
    return Sides(
        before=change.before,
        after=change.after,
        unknown=change.after_unknown,
        before_sensitive=change.before_sensitive,
        after_sensitive=change.after_sensitive,
    )


class _Reader:
    """Turns entries into changes, hiding the plan's secrets."""

    def __init__(self, found: frozenset[str]) -> None:
        self._secrets = found

    def resource(self, wire: WireResource, *, drift: bool = False) -> ResourceChange:
        change = wire.change
        moved = wire.previous_address not in (None, wire.address)
        return ResourceChange(
            address=wire.address,
            type=wire.type,
            name=wire.name,
            action=_action(change, of=wire.address),
            attributes=self._attributes(change, drift=drift),
            replace_paths=tuple(_path(each) for each in change.replace_paths),
            reason=wire.action_reason,
            moved_from=wire.previous_address if moved else None,
            imported=change.importing is not None,
            deposed=wire.deposed,
        )

    def output(self, name: str, change: WireChange) -> OutputChange:
        action = _action(change, of=name)
        return OutputChange(name, action, self._attributes(change, drift=False))

    def _attributes(
        self, change: WireChange, *, drift: bool
    ) -> tuple[AttributeChange, ...]:
        found = difference(_sides(change), ignore_empty=drift)
        return hidden(found, within=self._secrets)


def _every_change(wire: WirePlan) -> Iterator[WireChange]:
    yield from (each.change for each in wire.resource_changes)
    yield from (each.change for each in wire.resource_drift)
    yield from wire.output_changes.values()


def _path(keys: list[str | int]) -> str:
    path = ""
    for key in keys:
        path = join(path, key)
    return path


def _tells_something(drift: ResourceChange) -> bool:
    return bool(drift.attributes or drift.moved_from)


def _outputs(wire: WirePlan) -> list[tuple[str, WireChange]]:
    found = sorted(wire.output_changes.items())
    return [each for each in found if each[1].actions != ["no-op"]]


def _failed_checks(wire: WirePlan) -> tuple[str, ...]:
    failed = (each for each in wire.checks if each.status in {"fail", "error"})
    return tuple(sorted(each.address.to_display for each in failed))


def _digest(wire: WirePlan, raw: dict[str, Any]) -> str:
    """
    Hash every field, also those this version does not know, of what would happen.

    Resources that nothing happens to are left out: their entries only repeat the state.
    """
    quiet = [
        not (each.change.actions == ["no-op"] and not each.previous_address)
        or each.change.importing is not None
        for each in wire.resource_changes
    ]
    changes = zip(raw.get("resource_changes", []), quiet, strict=True)
    outputs = raw.get("output_changes", {})
    meaning = {
        "resources": _sorted([each for each, kept in changes if kept]),
        "drift": _sorted(raw.get("resource_drift", [])),
        "outputs": {name: outputs[name] for name, _ in _outputs(wire)},
        "checks": _failed_checks(wire),
        "invocations": raw.get("action_invocations", []),
        "deferred": raw.get("deferred_changes", []),
        "errored": wire.errored,
        "complete": wire.complete,
    }
    return hashlib.sha256(_canonical(meaning).encode()).hexdigest()


def _sorted(entries: list[dict[str, Any]]) -> list[str]:
    return sorted(_canonical(each) for each in entries)


def _canonical(value: object) -> str:
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), default=_decimal_text
    )


def _decimal_text(value: Decimal) -> dict[str, str]:
    return {"decimal": canonical(value)}
