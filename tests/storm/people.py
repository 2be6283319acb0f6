"""People at Slack's page, and the balancer that stands before the fronts."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import httpx

from deploy.sandbox.slack.ledger import Entry
from tests.storm.world import ROOMS

_NOTED: Final = re.compile(r"Noted as ([a-z2-7]{7})")


@dataclass(frozen=True)
class Card:
    """A card as somebody sees it."""

    ts: str
    operation: str
    digest: str
    buttons: dict[str, dict[str, Any]]


class People:
    """What people do on the page; each deed tells whether Slack heard an answer."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=20)

    async def close(self) -> None:
        await self._http.aclose()

    async def types(self, who: str, line: str, *, client: str = "acme") -> bool:
        """Type a slash command."""
        body = {"as": who, "channel": ROOMS[client], "text": f"/infra {line}"}
        return await self._does("/page/command", body)

    async def clicks(
        self, who: str, card: Card, button: str, *, client: str = "acme"
    ) -> bool:
        """Click a button of a card."""
        body = {
            "as": who,
            "channel": ROOMS[client],
            "message_ts": card.ts,
            "action": card.buttons[button],
        }
        return await self._does("/page/action", body)

    async def cards(self, who: str, *, client: str = "acme") -> list[Card]:
        """Return the cards of the channel, oldest first."""
        answer = await self._http.get(
            f"/page/channels/{ROOMS[client]}/messages", params={"as": who, "limit": 400}
        )
        found = [
            _card(message) for message in answer.raise_for_status().json()["messages"]
        ]
        return [card for card in found if card is not None]

    async def ledger(self, *, after: int = 0) -> list[Entry]:
        """Return what happened at Slack since an entry."""
        answer = await self._http.get("/control/ledger", params={"after": after})
        return [Entry.model_validate(one) for one in answer.json()["entries"]]

    async def troubles(self, **faults: Any) -> None:
        """Have Slack do something unpleasant, as a day at Slack may."""
        (await self._http.post("/control/faults", json=faults)).raise_for_status()

    async def _does(self, path: str, body: dict[str, Any]) -> bool:
        answer = await self._http.post(path, json=body)
        return bool(answer.json().get("ok"))


def _card(message: dict[str, Any]) -> Card | None:
    key = str((message.get("metadata") or {}).get("event_payload", {}).get("key", ""))
    if not key.startswith("card-"):
        return None
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
    carried = next((one["value"] for one in buttons.values() if one["value"]), "{}")
    return Card(
        ts=message["ts"],
        operation=key.removeprefix("card-"),
        digest=str(json.loads(carried).get("d", "")),
        buttons=buttons,
    )


def noted(entries: list[Entry]) -> set[str]:
    """Return the short ids of what Slack heard was noted, in time."""
    found = set()
    for one in entries:
        if one.kind == "delivery" and one.name == "/infra" and one.ok:
            hit = _NOTED.search(_said(one))
            if hit:
                found.add(hit[1])
    return found


def answers(entries: list[Entry], who: str) -> list[str]:
    """Return what one person was told, in answers and in whispers."""
    return [
        _said(one)
        for one in entries
        if one.user == who
        and one.ok
        and (one.name == "chat.postEphemeral" or one.kind == "delivery")
        and _said(one)
    ]


def _said(entry: Entry) -> str:
    if entry.kind == "api":
        return str(entry.detail.get("text", ""))
    answer = entry.detail.get("answer")
    return str(answer.get("text", "")) if isinstance(answer, dict) else ""


@asynccontextmanager
async def balanced(port: int, *, behind: list[int]) -> Any:
    """
    Take connections and hand each to one of the fronts in turn, past dead ones.

    When none is alive the connection is closed: Slack sees a failed delivery.
    """
    turn = 0

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal turn
        for step in range(len(behind)):
            turn += 1
            target = behind[(turn + step) % len(behind)]
            try:
                inner = await asyncio.open_connection("127.0.0.1", target)
            except OSError:
                continue
            await _joined((reader, writer), inner)
            return
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def _joined(one: Any, other: Any) -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        with suppress(OSError):
            writer.close()

    await asyncio.gather(pour(one[0], other[1]), pour(other[0], one[1]))
