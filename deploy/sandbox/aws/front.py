"""
The door: parse, fault, authenticate, authorize, perform, write down, answer.

Everything that reaches moto went through `Front.handle`, in that order. A call that
changes something is in the ledger and in the world's file before it is answered.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from deploy.sandbox.aws import policy, sts
from deploy.sandbox.aws.answer import Answer, Rejected, refusal
from deploy.sandbox.aws.call import parse
from deploy.sandbox.aws.ledger import Entry
from deploy.sandbox.aws.moto_backends import is_region, tags_of
from deploy.sandbox.aws.resources import needs, request_tags
from deploy.sandbox.aws.signature import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from deploy.sandbox.aws.call import Call
    from deploy.sandbox.aws.faults import Fault, Faults
    from deploy.sandbox.aws.ledger import Outcome
    from deploy.sandbox.aws.principal import Principal
    from deploy.sandbox.aws.token import Issuer
    from deploy.sandbox.aws.world import World

_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9.]{1,80})</Code>")
_REFUSALS: Final = {
    "throttle": Rejected("Throttling", "Rate exceeded", 400),
    "error": Rejected("InternalFailure", "An internal error has occurred", 500),
    "error-after": Rejected("InternalFailure", "An internal error has occurred", 500),
    "down": Rejected("ServiceUnavailable", "The service is unavailable", 503),
}


class Dropped(Exception):  # noqa: N818 - an outcome, chosen by a fault
    """No answer is to be sent: the connection closes."""


class Front:
    """The door of one world."""

    def __init__(
        self,
        world: World,
        *,
        issuer: Issuer,
        faults: Faults,
        now: Callable[[], datetime],
    ) -> None:
        self._world = world
        self._issuer = issuer
        self._faults = faults
        self._now = now

    def handle(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the answer to one request; `Dropped` if there is to be none."""
        service = "sts"
        try:
            call = parse(headers, body)
            service = call.service
            fault = self._faults.take(call.action)
            _before(fault)
            answer = self._decided(call, fault.kind if fault else "")
            _after(fault)
        except Rejected as rejected:
            return refusal(service, rejected)
        return answer

    def _decided(self, call: Call, fault: str) -> Answer:
        """Return the answer of a call that came through, whoever made it."""
        if call.claim is None:
            return self._assumed(call, fault)
        if not is_region(call.region):
            raise Rejected(
                "SignatureDoesNotMatch",
                "Credential should be scoped to a valid region.",
                403,
            )
        with self._world.lock:
            now = self._now()
            proven: Principal | None = None
            try:
                principal = self._world.principal(call, now=now)
                verify(call, secret=principal.secret, now=now)
                proven = principal
                self._authorize(call, principal, now)
            except Rejected as rejected:
                who = proven.arn if proven else f"key {call.claim.access_key_id}"
                denied = self._entry(
                    call,
                    who,
                    "denied",
                    code=rejected.code,
                    session=proven.session if proven else "",
                    fault=fault,
                )
                self._world.ledger.append(denied)
                raise
            return self._performed(call, principal, fault, now)

    def _performed(
        self, call: Call, principal: Principal, fault: str, now: datetime
    ) -> Answer:
        """Carry out an allowed call and write down what came of it."""
        if call.service == "sts":
            return sts.answer(call, principal)
        try:
            answer = self._world.perform(call, now=now)
        except Rejected as rejected:
            answer = refusal(call.service, rejected)
        if call.mutating:
            code = _CODE.search(answer.body) if answer.status >= 300 else None  # noqa: PLR2004 - HTTP's own line
            entry = self._entry(
                call,
                principal.arn,
                "performed" if answer.status < 300 else "failed",  # noqa: PLR2004 - as above
                code=code.group(1).decode() if code else "",
                session=principal.session,
                fault=fault,
            )
            self._world.commit(entry)
        return answer

    def _assumed(self, call: Call, fault: str) -> Answer:
        """Lend credentials against a token; the issuer is asked without the lock."""
        now = self._now()
        session = call.first("RoleSessionName")[:64]
        try:
            lent = sts.assume(call, world=self._world, issuer=self._issuer, now=now)
        except Rejected as rejected:
            with self._world.lock:
                denied = self._entry(
                    call,
                    "web identity",
                    "denied",
                    code=rejected.code,
                    session=session,
                    fault=fault,
                )
                self._world.ledger.append(denied)
            raise
        with self._world.lock:
            self._world.lend(lent.session, now=now)
            entry = self._entry(
                call, lent.session.arn, "performed", session=session, fault=fault
            )
            self._world.commit(entry)
        return sts.lent_answer(lent)

    def _authorize(self, call: Call, principal: Principal, now: datetime) -> None:
        """Return if every action on every resource of the call is allowed."""
        if call.action == "sts:GetCallerIdentity":
            return  # AWS: no permissions are required, and a Deny does not stop it.
        for need in needs(call):
            context = {
                "aws:requestedregion": (call.region,),
                "aws:currenttime": (now.isoformat(),),
                "aws:principalarn": (principal.arn,),
                **_tags("aws:principaltag", principal.tags),
                **_tags("aws:resourcetag", tags_of(need.resource)),
                **_tags("aws:requesttag", request_tags(call)),
            }
            request = policy.Request(need.action, need.resource, context)
            if not policy.allowed(
                principal.identity_policies, principal.session_policies, request
            ):
                raise Rejected(
                    "AccessDenied",
                    f"User: {principal.arn} is not authorized to perform:"
                    f" {need.action} on resource: {need.resource}",
                    403,
                )

    def _entry(
        self,
        call: Call,
        principal: str,
        outcome: Outcome,
        *,
        code: str = "",
        session: str = "",
        fault: str = "",
    ) -> Entry:
        """Return the ledger's next entry, about this call."""
        return Entry(
            seq=self._world.ledger.next_seq,
            at=self._now(),
            principal=principal,
            session=session,
            action=call.action,
            region=call.region,
            resources=tuple(dict.fromkeys(need.resource for need in needs(call))),
            parameters=call.ids(),
            outcome=outcome,
            code=code,
            fault=fault,
        )


def _tags(prefix: str, tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return tags as context keys."""
    return {f"{prefix}/{key}".lower(): (value,) for key, value in tags.items()}


def _before(fault: Fault | None) -> None:
    """Let a fault happen that keeps the call from being done, or late."""
    if fault is None:
        return
    if fault.kind == "delay":
        time.sleep(fault.seconds)
    if fault.kind == "drop":
        raise Dropped
    if fault.kind in {"throttle", "error", "down"}:
        raise _REFUSALS[fault.kind]


def _after(fault: Fault | None) -> None:
    """Let a fault happen that hides from the caller that the call was done."""
    if fault is not None and fault.kind == "drop-after":
        raise Dropped
    if fault is not None and fault.kind == "error-after":
        raise _REFUSALS[fault.kind]
