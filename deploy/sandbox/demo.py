"""
The story of the sandbox told without a browser, with every effect read back elsewhere.

People act through the page's own interface; what came of it is read from AWS and from
git, never from the bot; at the end the audit is exported and checked by the stand-alone
verifier. Any step that does not hold ends the story with exit status 1.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
import httpx
from botocore.config import Config

from deploy.sandbox.aws.principal import ADMIN_KEY, ADMIN_SECRET
from deploy.sandbox.aws.seed import REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.sandbox.whole import Sandbox

ALICE: Final = "U0ALICE"
BOB: Final = "U0BOB"
ROOM: Final = "C0ACMEOPS"
_PATIENCE: Final = 60.0


class StoryBrokeError(RuntimeError):
    """A step of the story did not come out as told."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card in the channel: its message, its text, and the buttons on it."""

    ts: str
    text: str
    buttons: dict[str, dict[str, Any]]


class People:
    """What people do on the page, and what they see there."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=15)

    async def close(self) -> None:
        """Let go of the page."""
        await self._http.aclose()

    async def types(self, who: str, line: str, *, room: str = ROOM) -> None:
        """Type a slash command."""
        body = {"as": who, "channel": room, "text": line}
        answer = (await self._http.post("/page/command", json=body)).json()
        if not answer.get("ok"):
            raise StoryBrokeError(f"{line}: {answer.get('error')}")

    async def clicks(
        self, who: str, card: Card, action: str, *, room: str = ROOM
    ) -> None:
        """Click a button of a card."""
        body = {
            "as": who,
            "channel": room,
            "message_ts": card.ts,
            "action": card.buttons[action],
        }
        answer = await self._http.post("/page/action", json=body)
        answer.raise_for_status()

    async def sees(self, who: str, *, room: str = ROOM) -> list[dict[str, Any]]:
        """Return the messages a person sees, oldest first."""
        answer = await self._http.get(
            f"/page/channels/{room}/messages", params={"as": who, "limit": 200}
        )
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found

    async def waits_for(
        self,
        who: str,
        wanted: Callable[[Card], bool],
        *,
        room: str = ROOM,
        gap: float = 0.15,
    ) -> Card:
        """Return the first card that fits; StoryBrokeError after a minute."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            for message in reversed(await self.sees(who, room=room)):
                card = _card(message)
                if wanted(card):
                    return card
            await asyncio.sleep(gap)
        raise StoryBrokeError("a card did not come, or did not change, in a minute")


def _card(message: dict[str, Any]) -> Card:
    buttons = {
        element["action_id"]: {
            "block_id": block["block_id"],
            "action_id": element["action_id"],
            "type": element["type"],
            "value": element.get("value", ""),
        }
        for block in message.get("blocks") or ()
        if block["type"] == "actions"
        for element in block["elements"]
        if "action_id" in element
    }
    words = [str(message.get("text", "")), *_texts(message.get("blocks") or [])]
    return Card(ts=message["ts"], text="\n".join(words), buttons=buttons)


def _texts(part: object) -> list[str]:
    """Return every text in some blocks, however deep."""
    if isinstance(part, dict):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [one for value in part.values() for one in _texts(value)]
    if isinstance(part, list):
        return [one for value in part for one in _texts(value)]
    return []


class Demo:
    """The story, step by step."""

    def __init__(self, sandbox: Sandbox, *, say: Callable[[str], None]) -> None:
        self._sandbox = sandbox
        self._say = say
        self._people = People(sandbox.places.slack_url)
        # Everything is asked by titles and types, so the story can be told again.
        self._wanted = "m5.large"

    async def tell(self) -> int:
        """Tell it all; 0 when every step held."""
        began = time.monotonic()
        try:
            await self._resize()
            await self._backup()
            await self._audit()
        except StoryBrokeError as broke:
            self._say(f"✗ {broke}")
            return 1
        finally:
            await self._people.close()
        self._say(f"✓ the whole story in {time.monotonic() - began:.1f} s")
        return 0

    async def _resize(self) -> None:
        before = await self._instance_type("web-2")
        self._wanted = "m5.large" if before != "m5.large" else "t3.large"
        self._say(f"• AWS says web-2 is a {before}.")
        line = f"/infra resize web-2 {self._wanted}"
        self._say(f"• Alice (Acme) types {line}")
        seen = {message["ts"] for message in await self._people.sees(BOB)}
        await self._people.types(ALICE, line)
        card = await self._people.waits_for(
            BOB, lambda one: one.ts not in seen and "approve" in one.buttons
        )
        self._say("• The card shows the diff, the plan and who must decide.")
        await self._people.clicks(BOB, card, "approve")
        self._say("• Bob (Claranet, on call) clicks Approve.")
        await self._until_ended(card)
        after = await self._instance_type("web-2")
        if after != self._wanted:
            raise StoryBrokeError(f"AWS says web-2 is a {after}, not {self._wanted}")
        merged = await self._git("log", "-1", "--format=%s", "main")
        self._say(f"✓ AWS says web-2 is a {after}; git's main ends in “{merged}”.")

    async def _backup(self) -> None:
        before = await self._snapshots("acme-db-prod")
        self._say("• Alice types /infra backup db-prod")
        seen = {message["ts"] for message in await self._people.sees(BOB)}
        await self._people.types(ALICE, "/infra backup db-prod")
        card = await self._people.waits_for(
            BOB, lambda one: one.ts not in seen and "approve" in one.buttons
        )
        await self._people.clicks(BOB, card, "approve")
        self._say("• Bob clicks Approve; Vault lends for this one snapshot.")
        await self._until_ended(card)
        new = (await self._snapshots("acme-db-prod")) - before
        if len(new) != 1:
            raise StoryBrokeError(f"AWS has {len(new)} new snapshots, not one")
        self._say(f"✓ AWS has the snapshot {next(iter(new))}.")

    async def _until_ended(self, card: Card) -> None:
        """Wait until the card has no button any more and its state is told."""
        ended = await self._people.waits_for(
            BOB,
            lambda one: (
                one.ts == card.ts
                and "cancel" not in one.buttons
                and "approve" not in one.buttons
                and " · Done (" in one.text
            ),
        )
        self._say(f"• The card says: {ended.text.splitlines()[0]}")

    async def _audit(self) -> None:
        await self._people.types(ALICE, "/infra audit web-2")
        await asyncio.sleep(0.3)
        last = _card((await self._people.sees(ALICE))[-1])
        if "web-2" not in last.text:
            raise StoryBrokeError("the audit does not answer in chat")
        self._say("• Alice types /infra audit web-2 and reads what happened.")
        state = self._sandbox.state
        export, keys = state / "acme-audit.jsonl", state / "audit-keys.json"
        export.unlink(missing_ok=True)
        await self._tandem("audit", "checkpoint", "--client", "acme")
        await self._tandem("audit", "export", "--client", "acme", str(export))
        await self._tandem("audit", "keys", str(keys))
        verifier = "deploy/verify/tandem_verify.py"
        said = await self._program(
            sys.executable, "-I", verifier, str(export), "--keys", str(keys)
        )
        self._say(f"✓ The stand-alone verifier: {said}")

    async def _instance_type(self, name: str) -> str:
        def ask() -> str:
            filters: Any = [
                {"Name": "tag:Name", "Values": [name]},
                {"Name": "tag:Client", "Values": ["acme"]},
            ]
            found = self._aws("ec2").describe_instances(Filters=filters)
            return str(found["Reservations"][0]["Instances"][0]["InstanceType"])

        return await asyncio.to_thread(ask)

    async def _snapshots(self, database: str) -> set[str]:
        def ask() -> set[str]:
            found = self._aws("rds").describe_db_snapshots(
                DBInstanceIdentifier=database
            )
            return {str(one["DBSnapshotIdentifier"]) for one in found["DBSnapshots"]}

        return await asyncio.to_thread(ask)

    def _aws(self, service: str) -> Any:  # noqa: ANN401 - made at run time
        """Return AWS as its own administrator sees it, past Tandem and Vault."""
        session: Any = boto3.session.Session(
            aws_access_key_id=ADMIN_KEY,
            aws_secret_access_key=ADMIN_SECRET,
            region_name=REGION,
        )
        return session.client(
            service,
            endpoint_url=self._sandbox.places.aws_url,
            config=Config(proxies={}, read_timeout=20),
        )

    async def _git(self, *words: str) -> str:
        repository = self._sandbox.state / "gitlab" / "repositories" / "1.git"
        return await self._program("git", "-C", str(repository), *words)

    async def _tandem(self, *words: str) -> str:
        return await self._program(sys.executable, "-m", "bot", *words)

    async def _program(self, *words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._sandbox.environment(worker=True),
        )
        said, _ = await process.communicate()
        text = said.decode(errors="replace").strip()
        if process.returncode != 0:
            raise StoryBrokeError(f"{words[1:4]}: {text[-600:]}")
        return text
