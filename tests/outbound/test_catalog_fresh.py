"""The catalog is kept fresh for as long as the process lives, whatever goes wrong."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog.testing

import deploy.sandbox
from bot.domain.errors import Broken
from bot.outbound.catalog import CatalogKeeper
from bot.wiring.front import _ended, _kept_fresh

SAMPLE = Path(deploy.sandbox.__file__).parent / "catalog"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Mute:
    """Knows no text at all."""

    def say(self, message, *, language):
        raise Broken(f"there is no text {message.key!r}")


class Failing:
    """A keeper whose first looks fail in a way that nobody foresaw."""

    def __init__(self, keeper, *failures):
        self._keeper, self._failures = keeper, list(failures)

    def __getattr__(self, name):
        return getattr(self._keeper, name)

    async def reload_if_changed(self):
        if self._failures:
            raise self._failures.pop()
        return await self._keeper.reload_if_changed()


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(SAMPLE, tmp_path / "catalog"))


def edit(folder, old, new):
    path = folder / "routes.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@asynccontextmanager
async def kept(folder, *failures):
    """Give the keeper, and a way to wait for what is logged."""
    keeper = CatalogKeeper(folder, now=lambda: NOON)
    await keeper.open()
    with structlog.testing.capture_logs() as logs:
        failing = Failing(keeper, *failures)
        task = asyncio.create_task(_kept_fresh(failing, Mute(), every=0.01))

        async def logged(event):
            async with asyncio.timeout(10):
                while not any(one["event"] == event for one in logs):  # noqa: ASYNC110 - a log has no event
                    await asyncio.sleep(0.01)
            return [one for one in logs if one["event"] == event]

        yield logged
        await _ended(task)


async def test_a_refusal_that_has_no_words_is_logged_and_the_next_catalog_taken(folder):
    async with kept(folder) as logged:
        edit(folder, "expires: 2h", "expires: soon")
        (refused,) = await logged("catalog.refused")
        edit(folder, "expires: soon", "expires: 3h")
        await logged("catalog.replaced")

    assert "routes.yaml" in refused["at"]
    assert refused["problem"].startswith("catalog.")


async def test_whatever_a_look_dies_of_the_next_one_comes(folder):
    async with kept(folder, RuntimeError("x"), Broken("y")) as logged:
        edit(folder, "expires: 2h", "expires: 3h")
        unread = await logged("catalog.unreadable")
        broken = await logged("catalog.broken")
        await logged("catalog.replaced")

    assert (len(unread), len(broken)) == (1, 1)
