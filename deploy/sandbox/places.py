"""
Where everything of the sandbox listens, and its made-up secrets.

Ports are picked once and kept in the state folder, so that links in old messages still
lead somewhere after a restart. A port that somebody else took meanwhile is replaced.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from bot.domain.frozen import Frozen
from deploy.sandbox.loopback import free_port, port_is_free

if TYPE_CHECKING:
    from pathlib import Path

PAGE_PORT: Final = 8000


class Places(Frozen):
    """One port each, all on 127.0.0.1."""

    page: int
    bot: int
    gitlab: int
    aws: int
    ssh: int = 0
    http: int = 0
    https: int = 0
    data_ssh: int = 0

    @property
    def slack_url(self) -> str:
        """The page that looks like Slack, and Slack's API below `/api/`."""
        return f"http://127.0.0.1:{self.page}"

    @property
    def bot_url(self) -> str:
        """The bot's own web side."""
        return f"http://127.0.0.1:{self.bot}"

    @property
    def gitlab_url(self) -> str:
        """The GitLab stand-in."""
        return f"http://127.0.0.1:{self.gitlab}"

    @property
    def aws_url(self) -> str:
        """The guarded AWS stand-in."""
        return f"http://127.0.0.1:{self.aws}"


def places(state: Path, *, page: int | None) -> Places:
    """Return the ports of this sandbox; the page's is `page` when that is given."""
    file = state / "ports.json"
    kept = Places.model_validate_json(file.read_text()) if file.exists() else None
    # 0 asks for any free port the first time, and for the same one after that.
    wanted = page or (kept.page if kept else PAGE_PORT if page is None else None)
    taken: set[int] = set()

    def one(old: int | None) -> int:
        kept_free = old and port_is_free(old) and old not in taken
        port = old if old and kept_free else free_port(but=taken)
        taken.add(port)
        return port

    found = Places(
        page=one(wanted),
        bot=one(kept.bot if kept else None),
        gitlab=one(kept.gitlab if kept else None),
        aws=one(kept.aws if kept else None),
        ssh=one(kept.ssh if kept else None),
        http=one(kept.http if kept else None),
        https=one(kept.https if kept else None),
        data_ssh=one(kept.data_ssh if kept else None),
    )
    _replace(file, found.model_dump_json())
    return found


def secret(state: Path, name: str) -> str:
    """Return a secret of the sandbox, made at the first start and kept (mode 0600)."""
    file = state / "secrets" / name
    if not file.exists():
        keep_secret(state, name, secrets.token_urlsafe(24))
    return file.read_text().strip()


def keep_secret(state: Path, name: str, value: str) -> None:
    """Keep a secret that something else made (mode 0600)."""
    folder = state / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    _replace(folder / name, value)


def _replace(file: Path, text: str) -> None:
    """Write a file, for this user alone, so that a kill leaves the old or the new."""
    draft = file.with_name(f".{file.name}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)
