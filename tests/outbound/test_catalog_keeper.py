"""The catalog in force: replaced as a whole by a sound one, kept from a wrong one."""

import asyncio
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

import deploy.sandbox
from bot.domain.catalog import CatalogRefused
from bot.domain.errors import Unavailable
from bot.outbound import catalog as reader
from bot.outbound.catalog import CatalogKeeper, Outcome
from bot.outbound.catalog_folder import fingerprint

SAMPLE = Path(deploy.sandbox.__file__).parent / "catalog"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(SAMPLE, tmp_path / "catalog"))


@pytest.fixture
async def keeper(folder):
    keeper = CatalogKeeper(folder, now=lambda: NOON)
    await keeper.open()
    return keeper


def edit(folder, old, new):
    path = folder / "routes.yaml"
    path.write_text(path.read_text().replace(old, new))


async def test_before_the_first_reading_there_is_no_catalog(folder):
    keeper = CatalogKeeper(folder, now=lambda: NOON)

    with pytest.raises(Unavailable, match="none has been read"):
        keeper.current()


async def test_a_wrong_first_catalog_is_refused(folder):
    edit(folder, "expires: 2h", "expires: soon")
    keeper = CatalogKeeper(folder, now=lambda: NOON)

    with pytest.raises(CatalogRefused):
        await keeper.open()

    with pytest.raises(Unavailable):
        keeper.current()


async def test_an_untouched_folder_changes_nothing(keeper):
    before = keeper.current()

    assert await keeper.reload_if_changed() is Outcome.UNCHANGED
    assert keeper.current() is before


async def test_a_touched_folder_that_says_the_same_changes_nothing(keeper, folder):
    before = keeper.current()
    (folder / "routes.yaml").touch()

    assert await keeper.reload_if_changed() is Outcome.UNCHANGED
    assert keeper.current() is before


async def test_a_sound_new_catalog_replaces_the_old(keeper, folder):
    before = keeper.current().version
    edit(folder, "expires: 2h", "expires: 3h")

    assert await keeper.reload_if_changed() is Outcome.REPLACED
    assert keeper.current().version != before
    assert await keeper.reload_if_changed() is Outcome.UNCHANGED


async def test_a_wrong_new_catalog_is_remembered_and_the_old_stays(keeper, folder):
    before = keeper.current()
    edit(folder, "expires: 2h", "expires: soon")

    assert await keeper.reload_if_changed() is Outcome.REFUSED
    assert keeper.current() is before
    assert keeper.refusal.at == NOON
    assert [one.file for one in keeper.refusal.problems] == ["routes.yaml"]
    assert await keeper.reload_if_changed() is Outcome.UNCHANGED
    assert keeper.refusal is not None


async def test_going_back_to_what_is_in_force_ends_the_refusal(keeper, folder):
    edit(folder, "expires: 2h", "expires: soon")
    await keeper.reload_if_changed()

    edit(folder, "expires: soon", "expires: 2h")

    assert await keeper.reload_if_changed() is Outcome.UNCHANGED
    assert keeper.refusal is None


async def test_a_folder_that_vanishes_leaves_the_old_catalog_in_force(keeper, folder):
    before = keeper.current()
    shutil.rmtree(folder)

    assert await keeper.reload_if_changed() is Outcome.REFUSED
    assert keeper.current() is before


async def test_a_folder_swapped_by_its_link_is_seen(tmp_path, folder):
    link = tmp_path / "current"
    link.symlink_to(folder)
    keeper = CatalogKeeper(link, now=lambda: NOON)
    await keeper.open()
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    edit(other, "expires: 2h", "expires: 3h")

    (tmp_path / "next").symlink_to(other)
    (tmp_path / "next").rename(link)

    assert await keeper.reload_if_changed() is Outcome.REPLACED


async def test_many_looks_at_once_replace_it_once(keeper, folder):
    edit(folder, "expires: 2h", "expires: 3h")

    looks = [keeper.reload_if_changed() for _ in range(8)]
    outcomes = await asyncio.gather(*looks)

    assert outcomes.count(Outcome.REPLACED) == 1
    assert outcomes.count(Outcome.UNCHANGED) == 7


async def test_rules_for_unknown_commands_are_refused_by_the_keeper_too(folder):
    edit(folder, "risk: high }", "risk: high, command: resise }")
    keeper = CatalogKeeper(folder, now=lambda: NOON, commands=["resize"])

    with pytest.raises(CatalogRefused):
        await keeper.open()


class Meddling(frozenset):
    """Commands that touch the catalog whenever they are looked at: mid-reading."""

    def __new__(cls, path, *, times):
        made = super().__new__(cls, ["resize"])
        made.path, made.times = path, times
        return made

    def __contains__(self, name):
        self.times -= 1
        if self.times >= 0:
            os.utime(self.path, ns=(self.times, self.times))
        return super().__contains__(name)


@pytest.mark.parametrize("times", [1, 4])
async def test_a_folder_that_changes_while_it_is_read_is_read_again(folder, times):
    edit(folder, "risk: high }", "risk: high, command: resize }")
    looks = (folder / "routes.yaml").read_text().count("command: resize")
    meddling = Meddling(folder / "routes.yaml", times=times)
    keeper = CatalogKeeper(folder, now=lambda: NOON, commands=meddling)

    await keeper.open()

    # The last time it was read nobody touched it.
    assert meddling.times <= -looks


async def test_a_folder_that_keeps_changing_is_not_read(folder):
    edit(folder, "risk: high }", "risk: high, command: resize }")
    meddling = Meddling(folder / "routes.yaml", times=100)
    keeper = CatalogKeeper(folder, now=lambda: NOON, commands=meddling)

    with pytest.raises(Unavailable, match="keeps changing"):
        await keeper.open()


async def test_a_folder_that_cannot_be_listed_is_unavailable(keeper, folder):
    name = folder
    # Longer than any file system takes: the disk answers with an error of its own.
    for _ in range(20):
        name /= "x" * 250
    blocked = CatalogKeeper(name, now=lambda: NOON)

    with pytest.raises(Unavailable, match="catalog folder"):
        await blocked.open()


async def test_a_disk_that_does_not_answer_is_unavailable(folder):
    keeper = CatalogKeeper(folder, now=lambda: NOON, timeout=0)

    with pytest.raises(Unavailable, match="no answer within 0 s"):
        await keeper.open()


def test_a_disk_error_is_said_as_unavailable(folder):
    name = folder / ("x" * 300)

    with pytest.raises(Unavailable, match="catalog folder"):
        reader.load(name)


def test_any_touched_file_changes_the_fingerprint(folder):
    seen = {fingerprint(folder)}

    for path in sorted(folder.rglob("*.yaml")):
        path.write_text(path.read_text() + "# touched\n")
        seen.add(fingerprint(folder))
    shutil.rmtree(folder / "clients" / "globex")
    seen.add(fingerprint(folder))

    assert len(seen) == 1 + 6 + 1
