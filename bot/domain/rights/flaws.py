"""
What is wrong with policies, at which line and column, and what is wanted there.

A policy that can never apply reads like a safeguard and is none. So it is held to more
than Cedar's grammar and schema: every person, role, client, target and command it names
must exist, and in a client's own file belong to that client.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cedarpy import PolicySet, Schema, pst, validate_policies

from bot.domain.frozen import Frozen
from bot.domain.message import Message
from bot.domain.rights.rules import BECAUSE, ID
from bot.domain.rights.source import pieces, place
from bot.domain.suggest import near

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bot.domain.rights.source import Piece, Policies, PolicyFile

_ID: Final = re.compile(r"[a-z][a-z0-9-]{2,59}")
_EFFECTS: Final = frozenset({"permit", "forbid"})
_LONGEST_BECAUSE: Final = 300
_UNEXPECTED: Final = re.compile(r"unexpected token `(.*)`", re.DOTALL)
_QUOTED: Final = re.compile(r"`([^`]+)`|: (\w+)$")
_POSITION: Final = re.compile(r"(?:for policy `policy\d+`[,:]? )")
_WORD: Final = re.compile(r'\w+|"[^"]*"')


class Flaw(Frozen):
    """One wrong thing: file, line and column from 1, and what to say of it."""

    file: str
    line: int
    column: int
    message: Message


@dataclass(frozen=True, slots=True)
class Known:
    """
    Every name that a policy may use, by the type Cedar gives it.

    `of` has, for a client, what its own files may name. `commands` is None where they
    are not known, and then any will do.
    """

    of: Mapping[str | None, Mapping[str, Collection[str]]]
    commands: Collection[str] | None


def flaws(policies: Policies, *, known: Known) -> tuple[Flaw, ...]:
    """Return all that is wrong with the policies; nothing for sound ones."""
    schema = Schema.from_str(policies.schema_text)
    taken: dict[str | None, dict[str, PolicyFile]] = {}
    found: list[Flaw] = []
    for file in policies.files:
        for piece in pieces(file.text):
            checked = _Checked(file, piece, known)
            found += checked.against(schema)
            found += checked.name_taken(taken)
    return tuple(found)


class _Checked:
    """One policy being checked: everything about it that may be wrong."""

    def __init__(self, file: PolicyFile, piece: Piece, known: Known) -> None:
        self._file = file
        self._piece = piece
        self._known = known
        self._node: pst.Template | None = None

    def against(self, schema: Schema) -> Iterator[Flaw]:
        """Yield what is wrong with the policy by itself."""
        try:
            whole = PolicySet.from_str(self._piece.text).to_pst()
        except ValueError as error:
            yield self._unreadable(str(error))
            return
        if whole.templates:
            yield self._flaw("policy-template")
            return
        (self._node,) = whole.static_policies.values()
        yield from self._annotations(self._node)
        yield from self._action(self._node)
        unknown = list(self._names(self._node))
        yield from unknown
        if not unknown:
            yield from self._schema(schema)

    def name_taken(
        self, taken: dict[str | None, dict[str, PolicyFile]]
    ) -> Iterator[Flaw]:
        """
        Yield a flaw if another policy has this name, for this client or for all.

        Two clients may each have one of the same name: they never meet.
        """
        name = self._node.annotations.get(ID, "") if self._node else ""
        if not name:
            return
        for whose in (None, self._file.client):
            first = taken.get(whose, {}).get(name)
            if first is not None:
                args = {"got": name, "first": first.file}
                yield self._flaw("policy-repeated-id", args, near_word=name)
                return
        taken.setdefault(self._file.client, {})[name] = self._file

    def _unreadable(self, problem: str) -> Flaw:
        """Return the flaw at the token that Cedar cannot go on with."""
        unexpected = _UNEXPECTED.fullmatch(problem)
        if unexpected is not None:
            start = self._unexpected(unexpected[1], problem)
        else:
            last = self._piece.tokens[-1].start
            start = self._where(problem, otherwise=last)
        return self._at(start, "policy-unreadable", {"problem": problem})

    def _unexpected(self, token: str, problem: str) -> int:
        """
        Return where a token stands that Cedar did not expect.

        The same token may stand in many places. Cut off after the right one, the policy
        is still wrong for the same reason; after a harmless one, for being cut off.
        """
        for number, one in enumerate(self._piece.tokens, start=1):
            if one.text == token and _problem(self._piece.upto(number)) == problem:
                return one.start
        return self._piece.tokens[-1].start

    def _annotations(self, node: pst.Template) -> Iterator[Flaw]:
        name = node.annotations.get(ID)
        if name is None:
            yield self._flaw("policy-no-id")
        elif _ID.fullmatch(name) is None:
            yield self._flaw("policy-bad-id", {"got": name}, near_word=name)
        if self._file.shipped:
            return
        words = node.annotations.get(BECAUSE, "").strip()
        if not words:
            yield self._flaw("policy-no-because")
        elif len(words) > _LONGEST_BECAUSE or not words.isprintable():
            args: dict[str, str | int] = {"limit": _LONGEST_BECAUSE}
            yield self._flaw("policy-bad-because", args, near_word=BECAUSE)
        for other in sorted(set(node.annotations) - {ID, BECAUSE}):
            key = "policy-unknown-annotation"
            yield self._flaw(key, {"got": other}, near_word=other)

    def _action(self, node: pst.Template) -> Iterator[Flaw]:
        """A permit of everything would permit what later versions bring as well."""
        if node.effect == "permit" and isinstance(node.action, pst.ScopeAny):
            yield self._flaw("policy-permits-all", near_word="permit")

    def _names(self, node: pst.Template) -> Iterator[Flaw]:
        own = self._known.of[self._file.client]
        for uid in sorted(pst.entity_uids(node), key=str):
            kind = str(uid.type)
            names = self._known.commands if kind == "Command" else own.get(kind)
            if names is None or uid.id in names:
                continue
            shown = ", ".join(near(uid.id, names) or sorted(names)[:8]) or "-"
            args = {"kind": kind, "got": uid.id, "known": shown}
            key = "policy-unknown-name"
            if self._file.client is not None and self._elsewhere(kind, uid.id):
                key, args["client"] = "policy-other-client", self._file.client
            yield self._flaw(key, args, near_word=json.dumps(uid.id))

    def _elsewhere(self, kind: str, name: str) -> bool:
        """Whether there is such a name, only not this client's."""
        return name in self._known.of[None].get(kind, ())

    def _schema(self, schema: Schema) -> Iterator[Flaw]:
        said = [one.error for one in validate_policies(self._piece.text, schema).errors]
        for problem in said:
            # That nothing is left to apply to is the echo of another complaint.
            if "unable to find an applicable action" in problem and len(said) > 1:
                continue
            start = self._where(problem, otherwise=self._effect())
            words = _POSITION.sub("", problem)
            yield self._at(start, "policy-misfit", {"problem": words})

    def _where(self, problem: str, *, otherwise: int) -> int:
        """Return where the first thing stands that Cedar calls by name."""
        for found in _QUOTED.finditer(problem):
            for word in reversed(_WORD.findall(found[1] or found[2])):
                for token in self._piece.tokens:
                    if token.text == word:
                        return token.start
        return otherwise

    def _effect(self) -> int:
        """Return where the policy's `permit` or `forbid` stands."""
        effects = [one for one in self._piece.tokens if one.text in _EFFECTS]
        return effects[0].start  # Cedar has read it, so it has one

    def _flaw(
        self,
        key: str,
        args: Mapping[str, str | int] | None = None,
        *,
        near_word: str = "",
    ) -> Flaw:
        words = (near_word, json.dumps(near_word))
        for token in self._piece.tokens:
            if near_word and token.text in words:
                return self._at(token.start, key, args)
        return self._at(self._effect(), key, args)

    def _at(
        self, start: int, key: str, args: Mapping[str, str | int] | None = None
    ) -> Flaw:
        line, column = place(self._file.text, start)
        message = Message.of(f"catalog.{key}", {**(args or {})})
        return Flaw(file=self._file.file, line=line, column=column, message=message)


def _problem(text: str) -> str:
    """Return what Cedar says of a policy that is cut off."""
    try:
        PolicySet.from_str(f"{text};")
    except ValueError as error:
        return str(error)
    return ""
