"""
Key and certificate of a virtual host: from Vault to the host, and seen in a handshake.

The key is made by Vault, is in the worker's memory for as long as the play runs, and
then on the host alone. A worker that dies in between may leave a certificate that was
issued and not installed: it is in the audit by its serial, and nobody has its key. So
the procedure may be run again; whether it took place is read from the host, whose
certificate then is another than the one that was there before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from bot.sdk import (
    Happened,
    Line,
    LiveState,
    Message,
    NotVerified,
    Shown,
    TlsScope,
    Verified,
)
from playbooks.ansible.website import Website

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sdk import Preview, Run, Scalar

# Stands for a serial that nobody knows before the certificate is issued.
_NEXT: Final = "new"
_NONE: Final = "-"


class Cert(Website, name="ansible.cert"):
    """
    Have a certificate issued and put it in nginx's place for one virtual host.

    `former` is the serial of the one that was there when the change was previewed.
    """

    repeatable: ClassVar[bool] = True

    wanted: Literal["install", "renew"]
    former: str = ""

    def preview_scope(self) -> TlsScope:
        return self._domain(issues=False)

    def scope(self, operation: str) -> TlsScope:  # noqa: ARG002 - its key is new anyway
        return self._domain(issues=True)

    async def given(self, run: Run) -> Mapping[str, Scalar]:
        issuer = (await run.tls.issuer()).pem
        return {**self.variables(), "issuer": issuer, "pair": _NEXT}

    def call(self) -> str:
        return f"certify {self.domain}, install it, nginx -t, reload, on {self.host}"

    def facts(self, state: LiveState) -> tuple[Line, ...]:
        now = _NONE
        if state.value("serial") != _NONE:
            now = f"{state.value('issuer')}, {state.value('until')}"
        shown = [("now", now), ("serial", state.value("serial"))]
        shown += [
            (name, state.value(name))
            for name in ("authority", "checked")
            if state.value(name) is not None
        ]
        return tuple(
            Line(label=Message.of(f"playbook.cert.fact-{name}"), value=value or _NONE)
            for name, value in shown
        )

    def objection(self, state: LiveState) -> Message | None:
        for name in ("vhost", "openssl"):
            if state.value(name) != "yes":
                return Message.of(f"playbook.cert.not-{name}", self.about())
        there = state.value("serial") != _NONE
        certified = state.value("certified") == "yes"
        if self.wanted == "renew":
            if there and certified:
                return None
            which = "of-another" if there else "nothing-to-renew"
            return Message.of(f"playbook.cert.{which}", self.about())
        if certified and state.value("valid") == "yes":
            about = self.about() | {"until": state.value("until") or _NONE}
            return Message.of("playbook.cert.there-already", about)
        return None

    def warnings(self, state: LiveState) -> tuple[Message, ...]:
        if state.value("serial") == _NONE:
            return ()
        return (Message.of("playbook.cert.will-replace", self.about()),)

    def reached(self, state: LiveState) -> bool:
        return (
            state.value("serial") not in (_NONE, self.former)
            and state.value("shown") == state.value("serial")
            and all(
                state.value(name) == "yes" for name in ("valid", "certified", "trusted")
            )
        )

    async def read(self, run: Run) -> LiveState:
        """Also who would issue: another authority is another change."""
        state = await super().read(run)
        issuer = await run.tls.issuer()
        until = issuer.until.date().isoformat()
        more = (
            ("authority", f"{issuer.subject}, {until}"),
            ("authority-key", issuer.fingerprint),
        )
        return LiveState(items=(*state.items, *more))

    async def preview(self, run: Run) -> Preview:
        shown = await super().preview(run)
        former = shown.state.value("serial") or _NONE
        return shown.model_copy(update={"pinned": {"former": former}})

    async def run(self, run: Run) -> None:
        """Have it issued and installed, unless that was done before a crash."""
        state = await self.read(run)
        if state.value("serial") != self.former:
            return
        issued = await run.tls.issue()
        await run.progress(
            Message.of("playbook.cert.issued", {"serial": issued.serial})
        )
        await self.make(
            run,
            variables={
                **await self.given(run),
                "pair": issued.serial,
                "chain": issued.chain,
            },
            secrets={"key": issued.private_key},
        )

    async def verify(self, run: Run) -> Verified | NotVerified:
        """
        Shake hands from the worker; the host's own handshake counts besides.

        Where no way leads from the worker to that port the host's own is enough, and
        the fact says so: it, too, trusts nobody but the authority and checks the name.
        """
        state = await self.read(run)
        if not self.reached(state):
            return self.lost()
        hands = await run.tls.shake_hands()
        other = hands.serial != state.value("serial")
        if hands.shown is Shown.UNTRUSTED or (hands.shown is Shown.TRUSTED and other):
            args: dict[str, str | int | Message]
            args = {"reason": hands.reason or hands.serial, "port": self.https}
            return NotVerified(
                reason=Message.of("playbook.cert.shows-other", self.about() | args)
            )
        where = self.host if hands.shown is Shown.UNREACHED else "Tandem"
        told = LiveState(items=(*state.items, ("checked", where)))
        return Verified(facts=self.facts(told))

    async def happened(self, run: Run) -> Happened:
        """Return by the serial alone: half an installation shows nowhere."""
        state = await self.read(run)
        if state.value("serial") == self.former:
            return Happened.NO
        return Happened.YES if self.reached(state) else Happened.UNKNOWN

    def _domain(self, *, issues: bool) -> TlsScope:
        return TlsScope(
            login=self.login(), domain=self.domain, https=self.https, issues=issues
        )
