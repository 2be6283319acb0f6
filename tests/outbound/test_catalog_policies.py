"""The policies of the catalog's folder: read, refused with a place, kept in force."""

import shutil
from pathlib import Path

import pytest

import deploy.sandbox
from bot.domain.catalog import CatalogRefused
from bot.outbound.catalog import CatalogKeeper, Outcome, load
from bot.outbound.clock import now
from bot.outbound.speech import Speech

SAMPLE = Path(deploy.sandbox.__file__).parent / "catalog"
COMMANDS = ("backup", "resize")
ALL = "policies/everybody.cedar"
ACME = "clients/acme/policies/acme.cedar"
SPEECH = Speech()


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(SAMPLE, tmp_path / "catalog"))


def edit(folder, file, old, new):
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def problems(folder):
    with pytest.raises(CatalogRefused) as caught:
        load(folder, commands=COMMANDS)
    return caught.value.problems


def said(problem):
    return f"{problem.place} {SPEECH.say(problem.message, language='en')}"


def test_the_sample_s_policies_are_read_with_those_that_come_along():
    catalog = load(SAMPLE, commands=COMMANDS)

    files = {rule.file for rule in catalog.rules("acme").rules.values()}
    others = {rule.file for rule in catalog.rules("globex").rules.values()}
    assert files == {"tandem:default.cedar", ALL, ACME}
    assert others == {"tandem:default.cedar", ALL}


def test_a_catalog_without_policies_of_its_own_has_those_that_come_along(folder):
    shutil.rmtree(folder / "policies")
    shutil.rmtree(folder / "clients/acme/policies")

    catalog = load(folder, commands=COMMANDS)

    files = {rule.file for rule in catalog.rules("acme").rules.values()}
    assert files == {"tandem:default.cedar"}


EDITS = [
    (ALL, 'Role::"client.developer"', 'Role::"client.dev"', "There is no Role"),
    (ALL, "context.risk", "context.rsik", "does not fit the schema"),
    (ALL, "forbid (", "forbid [", "Cedar cannot read this policy"),
    (ALL, '@id("trainees-ask-on-staging")', "", "The policy has no name"),
    (ALL, "trainees-ask-on-staging", "members-see", "another policy named"),
    (ACME, "acme/db-staging", "globex/shop-db", "is not of acme"),
    (ACME, "acme/db-staging", "acme/db-stagng", "Meant may be: acme/db-staging"),
]


@pytest.mark.parametrize(("file", "old", "new", "words"), EDITS)
def test_a_wrong_policy_is_refused_with_its_line(folder, file, old, new, words):
    line = edit(folder, file, old, new)

    (problem,) = problems(folder)

    assert problem.file == file
    assert line <= problem.line <= line + 3
    assert words in said(problem)


async def test_a_wrong_policy_leaves_the_old_ones_in_force(folder):
    keeper = CatalogKeeper(folder, now=now, commands=COMMANDS)
    before = (await keeper.open()).rules("acme").version

    edit(folder, ALL, "context.risk >= 3", "context.rsik >= 3")
    refused = await keeper.reload_if_changed()
    kept = keeper.current().rules("acme").version
    edit(folder, ALL, "context.rsik >= 3", "context.risk >= 2")
    replaced = await keeper.reload_if_changed()

    assert (refused, replaced) == (Outcome.REFUSED, Outcome.REPLACED)
    assert kept == before
    assert keeper.current().rules("acme").version != before


async def test_a_client_s_new_policy_is_noticed(folder):
    keeper = CatalogKeeper(folder, now=now, commands=COMMANDS)
    await keeper.open()
    before = keeper.current()

    edit(folder, ACME, "Acme's testers", "The testers")
    outcome = await keeper.reload_if_changed()

    assert outcome is Outcome.REPLACED
    # Another reason is no other rule: what was approved stays approved.
    now_in_force = keeper.current()
    assert now_in_force.version != before.version
    assert now_in_force.version_for("acme") == before.version_for("acme")
    assert now_in_force.rules("acme").version == before.rules("acme").version


STRAYS = [
    ("clients/acme/more.cedar", "belongs into the folder policies"),
    ("all.cedar", "belongs into the folder policies"),
    ("policies/staging.ceder", "wanted a name such as staging.cedar"),
    ("policies/staging.cedar.bak", "wanted a name such as staging.cedar"),
    ("clients/acme/policies/Mine.cedar", "wanted a name such as staging.cedar"),
]


@pytest.mark.parametrize(("file", "words"), STRAYS)
def test_what_looks_like_a_policy_and_would_not_be_read_is_refused(folder, file, words):
    (folder / file).write_text("")

    (problem,) = problems(folder)

    assert problem.file == file
    assert words in said(problem)


def test_notes_and_hidden_files_among_policies_are_left_alone(folder):
    (folder / "policies/README.md").write_text("why")
    (folder / "policies/.swp").write_text("x")

    assert load(folder, commands=COMMANDS) == load(SAMPLE, commands=COMMANDS)


def test_a_linked_folder_of_policies_is_refused(folder, tmp_path):
    shutil.move(folder / "policies", tmp_path / "elsewhere")
    (folder / "policies").symlink_to(tmp_path / "elsewhere")

    (problem,) = problems(folder)

    assert problem.message.key == "catalog.link"


def test_a_linked_policy_is_refused(folder, tmp_path):
    shutil.move(folder / ALL, tmp_path / "elsewhere.cedar")
    (folder / ALL).symlink_to(tmp_path / "elsewhere.cedar")

    (problem,) = problems(folder)

    assert problem.message.key == "catalog.link"


def test_a_policy_that_is_not_utf_8_is_refused_with_its_line(folder):
    (folder / ALL).write_bytes(b"// one\n// \xff\n")

    (problem,) = problems(folder)

    assert (problem.line, problem.message.key) == (2, "catalog.not-utf-8")


def test_a_file_of_policies_that_nobody_wrote_is_refused(folder):
    (folder / ALL).write_bytes(b"//" + b" " * 64 * 1024)

    (problem,) = problems(folder)

    assert problem.message.key == "catalog.too-big-file"


def test_an_empty_file_of_policies_says_nothing_and_is_fine(folder):
    (folder / "policies/later.cedar").write_text("// to come\n")

    assert load(folder, commands=COMMANDS).rules("globex").rules
