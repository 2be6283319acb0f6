"""A virtual host of a host's nginx: added or taken away, and seen to answer or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from bot.sdk import Line, Message
from playbooks.ansible.website import Website

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sdk import LiveState, Scalar


class Vhost(Website, name="ansible.vhost"):
    """Add or take away one virtual host, in a file that is Tandem's own."""

    # The same file with the same content, whoever writes it, and how often.
    repeatable: ClassVar[bool] = True

    wanted: Literal["present", "absent"]

    def variables(self) -> Mapping[str, Scalar]:
        return {**super().variables(), "wanted": self.wanted}

    def call(self) -> str:
        verb = "add" if self.wanted == "present" else "remove"
        file = f"{self.sites}/tandem-{self.domain}.conf"
        return f"{verb} {file}, nginx -t, reload, on {self.host}"

    def facts(self, state: LiveState) -> tuple[Line, ...]:
        there = tuple(
            Line(
                label=Message.of(f"playbook.vhost.fact-{name}"),
                value=state.value(name) or "-",
            )
            for name in ("vhost", "answers", "https")
        )
        folder = Line(
            label=Message.of("playbook.vhost.fact-folder"),
            value=f"{self.root}/{self.domain}",
        )
        return (*there, folder)

    def objection(self, state: LiveState) -> Message | None:
        there = state.value("vhost") == "yes"
        if there and state.value("ours") != "yes":
            return Message.of("playbook.vhost.not-ours", self.about())
        if state.value("nginx") != "yes":
            return Message.of("playbook.vhost.no-answer", self.about())
        # Half of it is no objection: to ask again is how it is made whole.
        if self.reached(state):
            which = "there-already" if self.wanted == "present" else "not-there"
            return Message.of(f"playbook.vhost.{which}", self.about())
        return None

    def warnings(self, state: LiveState) -> tuple[Message, ...]:
        if self.wanted == "present":
            return ()
        warnings = [Message.of("playbook.vhost.will-go", self.about())]
        if state.value("https") == "yes":
            warnings.append(Message.of("playbook.vhost.key-will-go", self.about()))
        return tuple(warnings)

    def reached(self, state: LiveState) -> bool:
        there = self.wanted == "present"
        return (state.value("vhost") == "yes") == there and (
            state.value("answers") == "yes"
        ) == there

    def begun(self, state: LiveState) -> bool:
        """No file but Tandem's own, or none any more, which nginx has not read yet."""
        there = state.value("vhost") == "yes"
        if self.wanted == "absent":
            return not there
        return not there or state.value("ours") == "yes"
