"""
Stage `answer_link`: the issue by which somebody proves to be a GitLab user is answered.

Run again and again until the issue is there, or the wish has expired, which is said and
written down. The second code is committed before it is written under the issue; after a
crash in between there is a new one, and the newest counts. The right code in somebody
else's issue ends it: whoever wrote that knows what only one person was told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.audit import Event, EventName
from bot.domain.errors import Refused
from bot.domain.gitlab_text import one_line
from bot.domain.link import CONFIRM, LASTS, TITLE, WORD, Ending, code_in, digest
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.writes import Job, Links, Task, Writes
from bot.flow.lending import borrowed

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.domain.catalog import Client, Person
    from bot.domain.forge import TitledIssue
    from bot.domain.link import Link
    from bot.ports import Back

LOCK: Final = "tandem link "
_LONGEST: Final = 400


async def answer_link(organisation: str, link_id: str, *, back: Back) -> None:
    """Look for the issue and answer it, or come back later; end what took too long."""
    async with back.store.exclusive(LOCK + link_id) as mine:
        link = await back.store.link(organisation, id=link_id)
        if not mine or link is None or not link.open:
            return
        catalog = back.catalog.current()
        room, person = catalog.client(link.room), catalog.member(link.member)
        answering = _Answering(link, back)
        if back.now() >= link.expires_at:
            await answering.expires()
        elif room is None or person is None or person.deactivated:
            await answering.refuses(Message.of("link.gone"))
        elif link.noted_at is None:
            await answering.goes_on(room, person)
        else:
            await answering.waits()


@dataclass(frozen=True, slots=True)
class _Answering:
    """One wish to be linked, and what is done next about it."""

    link: Link
    back: Back

    async def goes_on(self, room: Client, person: Person) -> None:
        try:
            mine, other = await self._looked(room)
            if mine is not None:
                await self._answers(mine, room, person)
            elif other is not None:
                args: dict[str, str | int | Message] = {
                    "name": self.link.gitlab,
                    "other": other.author,
                    "url": other.url,
                }
                await self.refuses(Message.of("link.other-author", args))
            else:
                await self._comes_back()
        except Refused as refusal:
            await self.refuses(refusal.message)

    async def expires(self) -> None:
        """Write down that it took too long, and tell the one who asked."""
        said = Message.of("link.expired", {"name": self.link.gitlab})
        over = self.link.ended(Ending.EXPIRED, at=self.back.now())
        await self._write(EventName.LINK_EXPIRED, over, says=said)

    async def refuses(self, why: Message) -> None:
        """Write down that it comes to nothing, and tell the one who asked why."""
        args: dict[str, str | int | Message] = {
            "name": self.link.gitlab,
            "reason": why,
        }
        said = Message.of("link.not-made", args)
        # It may have been answered since it was read here; its newest version ends.
        latest = await self.back.store.link(self.link.client, id=self.link.id)
        over = (latest or self.link).ended(Ending.REFUSED, at=self.back.now())
        body: dict[str, object] = {"reason": why.model_dump(mode="json")}
        await self._write(EventName.LINK_REFUSED, over, says=said, body=body)

    async def waits(self) -> None:
        """Come back when it has expired."""
        await self._later(self._at_the_end())

    async def _looked(
        self, room: Client
    ) -> tuple[TitledIssue | None, TitledIssue | None]:
        """Return the issue by whom it should be, and else one by somebody else."""
        async with borrowed(
            self.back,
            client=room.id,
            action="gitlab-read",
            operation=self.link.id,
            quiet=True,
        ) as minted:
            token = await self.back.lender.forge_token(
                minted, client=room.id, purpose="gitlab-read"
            )
            # By the author first: nobody else's issues crowd theirs out of the list.
            mine = await self._issue(room, self.link.gitlab, token=token)
            other = await self._issue(room, None, token=token)
        wanted = self.link.gitlab.lower()
        found = [one for one in (mine, other) if one is not None]
        mine = next((one for one in found if one.author.lower() == wanted), None)
        return mine, other

    async def _issue(
        self, room: Client, author: str | None, *, token: SecretStr
    ) -> TitledIssue | None:
        """Return the issue that says the code, of anybody or of one author."""
        listed = await self.back.forge.titled_issues(
            room.gitlab.project,
            words=TITLE.strip(),
            # GitLab has a clock of its own; which issue it is, the code says.
            since=self.link.asked_at - LASTS,
            author=author,
            token=token,
        )
        return next((one for one in listed if self._says_the_code(one)), None)

    def _says_the_code(self, issue: TitledIssue) -> bool:
        code = code_in(issue.title)
        return code is not None and digest(code) == self.link.asked_code

    async def _answers(self, issue: TitledIssue, room: Client, person: Person) -> None:
        code = self.back.new_code()
        async with borrowed(
            self.back, client=room.id, action="gitlab-prepare", operation=self.link.id
        ) as minted:
            token = await self.back.lender.forge_token(
                minted, client=room.id, purpose="gitlab-prepare"
            )
            answered = self.link.answered(code)
            body: dict[str, object] = {"iid": issue.iid, "url": issue.url}
            await self._write(EventName.LINK_ANSWERED, answered, body=body)
            await self.back.forge.answer_issue(
                room.gitlab.project,
                iid=issue.iid,
                body=self._note(code, issue, person),
                token=token,
            )
        said = Message.of("link.noted", {"url": issue.url})
        noted = answered.noted(at=self.back.now())
        await self._write(EventName.LINK_NOTED, noted, says=said, body=body, after=True)

    def _note(self, code: str, issue: TitledIssue, person: Person) -> str:
        """Say who would be linked, so that nobody confirms it for somebody else."""
        args: dict[str, str | int | Message] = {
            "name": issue.author,
            "who": person.name,
            "organisation": person.organisation,
        }
        words = self.back.words(Message.of("link.note", args))
        line = f"/infra {WORD} {CONFIRM} {code}"
        return f"{one_line(words, most=_LONGEST)}\n\n```\n{line}\n```"

    async def _comes_back(self) -> None:
        after = self.back.pace.watch
        await self._later(Job(task=Task.LINK, operation=self.link.id, after=after))

    async def _later(self, job: Job) -> None:
        await self.back.store.write(
            Writes(client=self.link.client, at=self.back.now(), jobs=(job,))
        )

    async def _write(
        self,
        name: EventName,
        link: Link,
        *,
        says: Message | None = None,
        body: dict[str, object] | None = None,
        after: bool = False,
    ) -> None:
        whisper = Outgoing(
            way=Way.WHISPER, place=link.channel, user=link.user, message=says
        )
        event = Event(
            name=name,
            actor="tandem",
            source="worker",
            operation=link.id,
            body={"gitlab": link.gitlab, "room": link.room, **(body or {})},
        )
        writes = Writes(
            client=link.client,
            at=self.back.now(),
            events=(event,),
            says=(whisper,) if says is not None else (),
            links=Links(saves=(link,)),
            jobs=(self._at_the_end(),) if after else (),
        )
        await self.back.store.write(writes)

    def _at_the_end(self) -> Job:
        left = self.link.expires_at - self.back.now()
        return Job(task=Task.LINK, operation=self.link.id, after=left)
