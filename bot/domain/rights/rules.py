"""
The policies that hold for one client, parsed once and asked many times.

Every policy keeps the name its author gave it (`@id`), so that an answer can say which
rule it came from and where that stands. A client's set is made of what holds for all
and of its own files; another client's are not in it, so nothing they say can reach.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Final, Literal

from cedarpy import PolicySet, Schema, policies_to_json_str, pst

from bot.domain.errors import Broken
from bot.domain.frozen import Frozen
from bot.domain.message import Message
from bot.domain.rights.source import pieces, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.domain.rights.asked import Asked
    from bot.domain.rights.judge import Ruling
    from bot.domain.rights.source import Piece, Policies, PolicyFile

# A change of how we ask (entities, context) is a change of the rules as well.
ASKED_AS: Final = "cedar-1"
ID: Final = "id"
BECAUSE: Final = "because"
REASON: Final = "reason"


class Rule(Frozen):
    """One policy: its name, where it stands, and why it is there, for people."""

    id: str
    effect: Literal["permit", "forbid"]
    file: str
    line: int
    because: Message

    @property
    def place(self) -> str:
        """The place as editors know it: file:line."""
        return f"{self.file}:{self.line}"


@dataclasses.dataclass(frozen=True, slots=True)
class Parsed:
    """One policy, read: the rule, Cedar's own form of it, and what it comes down to."""

    rule: Rule
    node: pst.Template
    essence: str


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """
    All that holds for one client.

    `version` changes if and only if a rule does: a comment, a reason or the order of
    things changes nothing. `named` has the targets that some rule names outright, and
    `answers` what they have answered (`recall`).
    """

    client: str
    rules: Mapping[str, Rule]
    version: str
    named: frozenset[str]
    policies: PolicySet
    schema: Schema
    answers: dict[Asked, Ruling] = dataclasses.field(
        init=False, default_factory=dict, compare=False, repr=False
    )


def compiled(policies: Policies, *, clients: Iterable[str]) -> dict[str, Rules]:
    """
    Return the rules of each client; Broken for what `flaws` would have reported.

    What holds for all is parsed once, however many clients there are.
    """
    try:
        schema = Schema.from_str(policies.schema_text)
        common = _parsed_of(None, policies)
        shared = _rules("", common, policies=policies, schema=schema)
        found: dict[str, Rules] = {}
        for client in clients:
            own = _parsed_of(client, policies)
            found[client] = (
                _rules(client, [*common, *own], policies=policies, schema=schema)
                if own
                else dataclasses.replace(shared, client=client)
            )
    except ValueError as error:
        raise Broken(f"policies that were never checked: {error}") from error
    return found


def parsed(file: PolicyFile) -> list[Parsed]:
    """Return the policies of a sound file; ValueError if it is not."""
    return [_parsed(piece, file) for piece in pieces(file.text)]


def _parsed_of(client: str | None, policies: Policies) -> list[Parsed]:
    files = (one for one in policies.files if one.client == client)
    return [one for file in files for one in parsed(file)]


def _parsed(piece: Piece, file: PolicyFile) -> Parsed:
    (node,) = PolicySet.from_str(piece.text).to_pst().static_policies.values()
    name = node.annotations[ID]
    rule = Rule(
        id=name,
        effect=node.effect,
        file=file.file,
        line=place(file.text, piece.start)[0],
        because=because(node, shipped=file.shipped),
    )
    return Parsed(rule, dataclasses.replace(node, id=name), _essence(piece.text))


def because(node: pst.Template, *, shipped: bool) -> Message:
    """Return why the rule is there: a text of ours, or the operator's own words."""
    if shipped:
        return Message.of(f"because.{node.annotations[REASON]}")
    return Message.of("policy.in-words", {"words": node.annotations[BECAUSE]})


def _essence(text: str) -> str:
    """Return one spelling of what a policy says, without remarks and reasons."""
    (policy,) = json.loads(policies_to_json_str(text))["staticPolicies"].values()
    policy["annotations"] = {ID: policy["annotations"][ID]}
    return json.dumps(policy, sort_keys=True, separators=(",", ":"))


def _rules(
    client: str, every: Sequence[Parsed], *, policies: Policies, schema: Schema
) -> Rules:
    nodes = {one.rule.id: one.node for one in every}
    whole = pst.PolicySet(templates={}, static_policies=nodes, template_links=())
    essences = [ASKED_AS, policies.schema_text, *sorted(one.essence for one in every)]
    return Rules(
        client=client,
        rules={one.rule.id: one.rule for one in every},
        version=hashlib.sha256(json.dumps(essences).encode()).hexdigest(),
        named=frozenset(
            uid.id for uid in pst.entity_uids(nodes) if str(uid.type) == "Target"
        ),
        policies=PolicySet.from_pst(whole),
        schema=schema,
    )
