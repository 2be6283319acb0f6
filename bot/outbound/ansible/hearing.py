"""
What Ansible's events mean, reduced to a closed and redacted set of fields.

Of an event only the task's name, what became of it, its diff and the reason of a
failure are looked at. Nothing is passed on that holds one of the play's secrets or a
PEM block.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bot.domain.host import Step, StepStatus
from bot.outbound.ansible.hiding import hide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_NAME: Final = 80
_REASON: Final = 400
_VALUE: Final = 400
_DIFF: Final = 20_000
_TAIL: Final = 2_000
_SIDE: Final = 200_000

_ENDED: Final[Mapping[str, StepStatus]] = {
    "runner_on_ok": StepStatus.OK,
    "runner_on_skipped": StepStatus.SKIPPED,
    "runner_on_failed": StepStatus.FAILED,
}


class ForeignHostError(RuntimeError):
    """An event came from a host that was not lent."""


@dataclass
class Hearing:
    """What was heard so far of one play on one host."""

    host: str
    secrets: Sequence[str]
    begun: bool = False
    changed: bool = False
    unreachable: str | None = None
    failed: tuple[str, str] | None = None
    said: tuple[tuple[str, str], ...] = ()
    processed: bool = False
    tail: str = ""
    _diffs: list[str] = field(default_factory=list)

    @property
    def diff(self) -> str:
        """All differences in the order of the tasks, as unified diffs, cut."""
        return _cut("\n".join(self._diffs), _DIFF)

    def hear(self, event: Mapping[str, Any]) -> Step | None:
        """Take one event of ansible-runner; returns the task if one has ended."""
        name = str(event.get("event", ""))
        data = event.get("event_data") or {}
        if name in ("verbose", "error", "warning"):
            said = self.clean(str(event.get("stdout", "")), most=_TAIL)
            self.tail = f"{self.tail}\n{said}"[-_TAIL:]
            return None
        if name == "playbook_on_stats":
            self._stats(data)
            return None
        host = data.get("host")
        if host is None:
            return None
        if host != self.host:
            raise ForeignHostError("Ansible spoke of another host than the one lent")
        result = data.get("res") or {}
        if name == "runner_on_unreachable":
            self.unreachable = self.clean(str(result.get("msg", "")), most=_REASON)
            return None
        if name not in _ENDED:
            return None
        return self._ended(_ENDED[name], data, result)

    def clean(self, text: str, *, most: int) -> str:
        """Return text without secrets, control characters and what is too long."""
        text = hide(text, secrets=self.secrets)
        text = "".join(one for one in text if one in "\n\t" or one.isprintable())
        return _cut(text.strip(), most)

    def _ended(
        self, status: StepStatus, data: Mapping[str, Any], result: Mapping[str, Any]
    ) -> Step:
        self.begun = True
        task = self.clean(str(data.get("task", "")), most=_NAME)
        changed = bool(result.get("changed"))
        if status is StepStatus.OK and changed:
            status = StepStatus.CHANGED
        if changed:
            self.changed = True
        for text in self._unified(result):
            self._diffs.append(text)
        if status is StepStatus.FAILED:
            if data.get("ignore_errors"):
                status = StepStatus.RESCUED
            else:
                self.failed = (task, self._reason(result))
        return Step(task=task, status=status)

    def _reason(self, result: Mapping[str, Any]) -> str:
        words = [str(result.get(one) or "") for one in ("msg", "stderr")]
        return self.clean("\n".join(one for one in words if one), most=_REASON)

    def _stats(self, data: Mapping[str, Any]) -> None:
        hosts = set(data.get("processed") or ()) | set(data.get("dark") or ())
        if hosts - {self.host}:
            raise ForeignHostError("Ansible reached another host than the one lent")
        self.processed = hosts == {self.host}
        told = data.get("artifact_data") or {}
        self.said = tuple(
            (self.clean(str(name), most=_NAME), self.clean(str(value), most=_VALUE))
            for name, value in sorted(told.items())
        )

    def _unified(self, result: Mapping[str, Any]) -> Iterator[str]:
        found = result.get("diff")
        results = result.get("results")
        if isinstance(results, list):  # a loop tells of each turn apart
            for one in results:
                if isinstance(one, dict):
                    yield from self._unified(one)
        for one in found if isinstance(found, list) else [found]:
            if isinstance(one, dict) and {"before", "after"} <= one.keys():
                place = result.get("dest") or result.get("path")
                text = self._one_diff(one, place=str(place or "a new file"))
                if text:
                    yield text

    def _one_diff(self, diff: Mapping[str, Any], *, place: str) -> str:
        # Not `after_header`: of a file that is not there yet it is a name of Ansible's
        # own making, another one each time.
        name = str(diff.get("before_header") or place)
        before, after = (_lines(diff[side]) for side in ("before", "after"))
        unified = difflib.unified_diff(
            before, after, fromfile=name, tofile=name, lineterm=""
        )
        return self.clean("\n".join(unified), most=_DIFF)


def _lines(side: object) -> list[str]:
    """Return one side of a diff as lines; modules give text, or names with values."""
    if isinstance(side, dict):
        return [f"{name} = {value}" for name, value in sorted(side.items())]
    return str(side or "")[:_SIDE].splitlines()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
