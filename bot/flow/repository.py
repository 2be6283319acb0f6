"""The client's project as a playbook reads it, by a token lent for each look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.errors import Broken, Refused
from bot.domain.message import Message
from bot.flow.lending import borrowed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pydantic import SecretStr

    from bot.domain.catalog import Client
    from bot.domain.forge import CommitAt, FileAtRef
    from bot.domain.operation import Operation
    from bot.ports import Back

from contextlib import asynccontextmanager


@dataclass(frozen=True, slots=True)
class ClientRepository:
    """Fills `bot.domain.playbook.Repository` for one operation."""

    of: Operation
    back: Back

    async def commit(self, version: str) -> CommitAt:
        """Return the commit that a tag, a branch or an id names now."""
        async with self._reading() as (client, token):
            return await self.back.forge.commit_at(
                client.gitlab.project,
                version=version,
                branch=client.gitlab.default_branch,
                token=token,
            )

    async def files(self, folder: str, *, commit: str) -> tuple[tuple[str, str], ...]:
        """Return the files below a folder, by their path in it; Refused if not text."""
        async with self._reading() as (client, token):
            found = await self.back.forge.read_folder(
                client.gitlab.project, directory=folder, commit=commit, token=token
            )
        return tuple(sorted(_text(one, folder=folder) for one in found))

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[tuple[Client, SecretStr]]:
        client = self.back.catalog.current().client(self.of.client)
        if client is None:
            raise Broken(f"client {self.of.client!r} is no longer in the catalog")
        async with borrowed(
            self.back, client=client.id, action="gitlab-read", operation=self.of.id
        ) as minted:
            yield (
                client,
                await self.back.lender.forge_token(
                    minted, client=client.id, purpose="gitlab-read"
                ),
            )


def _text(file: FileAtRef, *, folder: str) -> tuple[str, str]:
    try:
        return file.path.removeprefix(f"{folder}/"), file.content.decode()
    except UnicodeDecodeError:
        args: dict[str, str | int | Message] = {"path": file.path}
        raise Refused(Message.of("deploy.not-text", args)) from None
