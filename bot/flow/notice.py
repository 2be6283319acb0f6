"""
Stage 1 for what nobody typed: a client's own merge requests come into the gate.

GitLab's hooks hint, `sweep` asks by itself; both only cause a look at what is open. One
commit of one merge request is one operation, whoever notices it and however often.
What was merged around the gate is written down and said.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.audit import Event, EventName, instant
from bot.domain.change import ClientRequest
from bot.domain.client_request import COMMAND, drafted_by, operation_id, touched
from bot.domain.ladder import TrustLevel
from bot.domain.message import Message
from bot.domain.operation import Operation, Place, Progress, State
from bot.domain.outgoing import Outgoing, Way
from bot.domain.policy import Denied, may_ask
from bot.domain.rights import Action
from bot.domain.scope import Risk
from bot.domain.writes import Delivery, Duplicate, Job, Task, Writes
from bot.flow.explaining import refused
from bot.flow.holding import standing_now
from bot.flow.lending import borrowed
from bot.flow.linked import accounts_now
from bot.flow.naming import in_names
from bot.flow.rights import about_operation, ruling
from bot.flow.trusting import levels_now

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import SecretStr

    from bot.domain.catalog import Client, Person
    from bot.domain.errors import NotAllowed
    from bot.domain.forge import ListedRequest
    from bot.domain.scope import Environment
    from bot.ports import Back

# What was merged longer ago is history: it was there before this gate, or was said.
_RECENT: Final = timedelta(days=1)
_MOST_OPEN: Final = 100
_MOST_MERGED: Final = 20
_LONGEST_TITLE: Final = 120


def notice_job(client: str, *, after: timedelta | None = None) -> Job:
    """Return the job that looks at one client's merge requests."""
    return Job(task=Task.NOTICE, operation=f"requests-{client}", after=after, once=True)


async def notice(client_id: str, _: str, *, back: Back) -> None:
    """Take every open request of the client in, and say what went around the gate."""
    client = back.catalog.current().client(client_id)
    if client is None:
        return
    project, branch = client.gitlab.project, client.gitlab.default_branch
    async with borrowed(
        back,
        client=client.id,
        action="gitlab-read",
        operation=f"requests-{client.id}",
        quiet=True,
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=client.id, purpose="gitlab-read"
        )
        opened = await back.forge.requests_into(
            project, branch=branch, state="opened", most=_MOST_OPEN, token=token
        )
        merged = await back.forge.requests_into(
            project, branch=branch, state="merged", most=_MOST_MERGED, token=token
        )
        for request in opened:
            await _take_in(request, client, token=token, back=back)
        for request in merged:
            await _look_back(request, client, token=token, back=back)


async def _take_in(
    request: ListedRequest, client: Client, *, token: SecretStr, back: Back
) -> None:
    if request.draft or not request.head_sha:
        return
    if request.fork:
        # Its branch, and so what runs, is in a project that nobody here answers for.
        await _turn_away(
            request, client, "request.fork", rule="request-fork", back=back
        )
        return
    if await _is_known(request, client, back=back):
        return
    catalog = back.catalog.current()
    accounts = await accounts_now(client.id, front=back)
    person = accounts.person(request.opened_by)
    if person is None:
        await _turn_away(
            request, client, "request.stranger", rule="request-stranger", back=back
        )
        return
    may = may_ask(person, client=client.id, provider=catalog.provider.id)
    if isinstance(may, Denied):
        await _turn_away(
            request, client, "request.other-client", rule=may.rule, back=back
        )
        return
    state = await back.forge.merge_request(
        client.gitlab.project, iid=request.iid, token=token
    )
    if state.head_sha != request.head_sha or not state.changed_paths:
        return  # it moved this very moment, or GitLab still computes what changed
    environment = touched(client, state.changed_paths).whole
    operation = _operation(
        request, client, person=person, environment=environment, at=back.now()
    )
    no = await _not_permitted(operation, person, back=back)
    if no is None:
        await _write(_asked(operation, request), back=back)
    else:
        key, why = "request.not-permitted", no.message
        why = in_names(why, team=client.channels[0].team, front=back)
        await _turn_away(request, client, key, why=why, rule=no.rule, back=back)


async def _not_permitted(
    operation: Operation, person: Person, *, back: Back
) -> NotAllowed | None:
    """Return why the policies let this person not ask for it, or nothing."""
    standing = await standing_now(back)
    asked = about_operation(
        Action.ASK,
        operation,
        person=person,
        at=back.now(),
        standing=standing,
        front=back,
    )
    ruled = ruling(asked, front=back)
    if ruled.allowed:
        return None
    return refused(asked, ruled, standing=standing, front=back)


def _operation(
    request: ListedRequest,
    client: Client,
    *,
    person: Person,
    environment: Environment,
    at: datetime,
) -> Operation:
    room = client.channels[0]
    said: dict[str, str | int | Message] = {
        "iid": str(request.iid),
        "who": person.name,
        "title": request.title[:_LONGEST_TITLE],
    }
    return Operation(
        id=_id(request, client),
        client=client.id,
        command=COMMAND,
        arguments={"merge_request": f"!{request.iid}"},
        line=f"{COMMAND} !{request.iid}",
        target=f"!{request.iid}",
        environment=environment,
        requester=person.id,
        place=Place(team=room.team, channel=room.id),
        change=ClientRequest(
            title=Message.of("request.title", said),
            iid=request.iid,
            head_sha=request.head_sha,
        ),
        risk=Risk.MEDIUM,
        asked_at=at,
        expires_at=at + client.requests.expires,
        progress=Progress(
            branch=request.source_branch,
            merge_request=request.iid,
            url=request.url,
            waiting_for=Message.of("waiting.plan"),
        ),
    )


def _asked(operation: Operation, request: ListedRequest) -> Writes:
    event = Event(
        name=EventName.OPERATION_ASKED,
        actor=operation.requester,
        source="gitlab",
        operation=operation.id,
        body={
            "line": operation.line,
            "command": operation.command,
            "arguments": operation.arguments,
            "target": operation.target,
            "environment": operation.environment.value,
            "risk": operation.risk.name.lower(),
            "gitlab": request.opened_by,
            "url": request.url,
            "head": request.head_sha,
        },
    )
    return Writes(
        client=operation.client,
        at=operation.asked_at,
        delivery=Delivery(key=f"request:{operation.id}", answer=operation.change.title),
        adds=(operation,),
        events=(event,),
        says=(
            Outgoing(
                way=Way.CARD, place=operation.place.channel, operation=operation.id
            ),
        ),
        jobs=(Job(task=Task.PREPARE, operation=operation.id),),
    )


async def _turn_away(
    request: ListedRequest,
    client: Client,
    key: str,
    *,
    back: Back,
    why: Message | None = None,
    rule: str = "",
) -> None:
    """Write down and say, once a commit, that a request passes no gate."""
    args: dict[str, str | int | Message] = {
        "iid": str(request.iid),
        "who": request.opened_by,
        "url": request.url,
    }
    said = Message.of(key, args | ({"why": why} if why else {}))
    await _say(
        request,
        client,
        said,
        name=EventName.REQUEST_REFUSED,
        kind="refused",
        rule=rule,
        back=back,
    )


async def _look_back(
    request: ListedRequest, client: Client, *, token: SecretStr, back: Back
) -> None:
    """Say, once, that something was merged which nobody approved here."""
    if request.merged_at is None or back.now() - request.merged_at > _RECENT:
        return
    if await _was_carried(request, client, back=back):
        return
    who = request.merged_by or request.opened_by
    args: dict[str, str | int | Message] = {
        "iid": str(request.iid),
        "who": who,
        "url": request.url,
    }
    if await _is_committers(request, client, token=token, back=back):
        accounts = await accounts_now(client.id, front=back)
        person = accounts.person(who)
        args["who"] = person.name if person else who
        said = Message.of("request.committed", args)
        name, kind = EventName.COMMITTER_MERGED, "committed"
    else:
        said = Message.of("request.around", args)
        name, kind = EventName.GATE_BYPASSED, "around"
    await _say(request, client, said, name=name, kind=kind, back=back)


async def _is_committers(
    request: ListedRequest, client: Client, *, token: SecretStr, back: Back
) -> bool:
    """
    Whether the client merged a request of its own where it is trusted to.

    Both who opened it and who merged it have to be the client's people, as the catalog
    or a link says, and the level in force has to be committer wherever it reaches.
    """
    levels = await levels_now(client, front=back)
    if TrustLevel.COMMITTER not in levels.values():
        return False
    accounts = await accounts_now(client.id, front=back)
    for name in (request.opened_by, request.merged_by):
        person = accounts.person(name)
        if person is None or person.deactivated or person.organisation != client.id:
            return False
    state = await back.forge.merge_request(
        client.gitlab.project, iid=request.iid, token=token
    )
    reach = touched(client, state.changed_paths)
    return bool(state.changed_paths) and all(
        levels[one] is TrustLevel.COMMITTER for one in {*reach.planned, reach.whole}
    )


async def _say(
    request: ListedRequest,
    client: Client,
    said: Message,
    *,
    name: EventName,
    kind: str,
    back: Back,
    rule: str = "",
) -> None:
    body: dict[str, object] = {
        "reason": said.model_dump(mode="json"),
        "head": request.head_sha,
        "opened_by": request.opened_by,
    }
    if rule:
        body["rule"] = rule
    if request.merged_at is not None:
        body |= {"merged_by": request.merged_by, "at": instant(request.merged_at)}
    room = client.channels[0]
    await _write(
        Writes(
            client=client.id,
            at=back.now(),
            delivery=Delivery(key=f"{kind}:{_id(request, client)}", answer=said),
            events=(
                Event(name=name, actor=request.opened_by, source="gitlab", body=body),
            ),
            says=(Outgoing(way=Way.ANNOUNCE, place=room.id, message=said),),
        ),
        back=back,
    )


async def _write(writes: Writes, *, back: Back) -> None:
    try:
        await back.store.write(writes)
    except Duplicate:
        return  # another look was faster; what it wrote is what this one would have


async def _is_known(request: ListedRequest, client: Client, *, back: Back) -> bool:
    """Whether it is ours, or was taken in at this very commit."""
    if await _is_ours(request, client, back=back):
        return True
    found = await back.store.operation(client.id, id=_id(request, client))
    return found is not None


async def _is_ours(request: ListedRequest, client: Client, *, back: Back) -> bool:
    """Whether an operation of ours opened this request; a name alone proves nothing."""
    named = drafted_by(request.source_branch)
    if named is None:
        return False
    found = await back.store.operation(client.id, id=named)
    if found is None or isinstance(found.change, ClientRequest):
        return False
    # Opened and not written down yet, or by somebody who died in between.
    return found.progress.merge_request in (None, request.iid)


async def _was_carried(request: ListedRequest, client: Client, *, back: Back) -> bool:
    """Whether an operation announced this merge before it came about."""
    named = drafted_by(request.source_branch) or ""
    for wanted in (named, _id(request, client)):
        found = await back.store.operation(client.id, id=wanted) if wanted else None
        if found is not None and found.progress.merge_request == request.iid:
            if found.progress.announced or found.state is State.RUNNING:
                return True
            # `watch` voids what was open, and says so on its card.
            return found.state is State.PROPOSED
    return False


def _id(request: ListedRequest, client: Client) -> str:
    return operation_id(
        client=client.id,
        project=client.gitlab.project,
        iid=request.iid,
        head_sha=request.head_sha,
    )
