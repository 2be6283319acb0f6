"""The catalog's folder: a sound one is read, a wrong one is refused line by line."""

import os
import re
import shutil
import stat
from pathlib import Path

import jsonschema_rs
import pytest
from fluent.runtime import FluentBundle, FluentResource
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

import bot
import deploy.sandbox
from bot.domain.catalog import Catalog, CatalogRefused, names
from bot.domain.catalog.examples import EXAMPLES
from bot.domain.catalog.schema import schema
from bot.domain.message import Message
from bot.outbound.catalog import load
from bot.outbound.catalog_folder import BIGGEST_FILE, MOST_CLIENTS
from bot.outbound.catalog_problems import problems_of
from bot.outbound.catalog_yaml import DEEPEST, Marked, Spot, read_marked

SAMPLE = Path(deploy.sandbox.__file__).parent / "catalog"
PROVIDER = "provider.yaml"
ROUTES = "routes.yaml"
ACME = "clients/acme/client.yaml"
STOCK = "clients/acme/inventory.yaml"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(SAMPLE, tmp_path / "catalog"))


@pytest.fixture(scope="module")
def texts():
    bundle = FluentBundle(["en"], use_isolating=False)
    path = Path(bot.__file__).parent / "messages" / "catalog.en.ftl"
    bundle.add_resource(FluentResource(path.read_text()))
    return bundle


def said(texts, message):
    args = {
        name: said(texts, one) if isinstance(one, Message) else one
        for name, one in message.args.items()
    }
    pattern = texts.get_message(message.key.replace(".", "-")).value
    text, errors = texts.format_pattern(pattern, args)
    assert errors == []
    return text


def edit(folder, file, old, new):
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    # Where the edit is, for the claim of the test.
    return text[: text.index(old)].count("\n") + 1


def refusal(folder, **more):
    with pytest.raises(CatalogRefused) as caught:
        load(folder, **more)
    return caught.value


def keys(problems):
    return [one.message.key.removeprefix("catalog.") for one in problems]


def test_the_sample_is_sound_and_is_the_world_of_the_sandbox():
    catalog = load(SAMPLE)

    assert isinstance(catalog, Catalog)
    assert [client.id for client in catalog.clients] == ["acme", "globex"]
    for client in catalog.clients:
        served = {target.environment.value for target in client.targets}
        assert served == {"staging", "production"}
    assert catalog.person("T0CLARANET", "U0MALLORY") is None
    assert catalog.client("acme").target("db-prod").aws.db_identifier == "acme-db-prod"


def test_the_sample_fits_the_schemas_that_editors_use():
    schemas = schema()

    for path in SAMPLE.rglob("*.yaml"):
        marked = read_marked(path.read_bytes())
        assert marked.flaws == []
        jsonschema_rs.validate(schemas[path.name], marked.data)


def test_the_schema_refuses_what_the_reader_refuses(folder):
    edit(folder, ROUTES, "risk: high", "risk: enormous")

    marked = read_marked((folder / ROUTES).read_bytes())

    assert not jsonschema_rs.is_valid(schema()[ROUTES], marked.data)
    assert keys(refusal(folder).problems) == ["one-of"]


EDITS = [
    # file, what stands there, what is written instead, what is said, column
    (
        PROVIDER,
        "name: Claranet",
        "nmae: Claranet",
        "There is no “nmae” here. Known: name",
        1,
    ),
    (PROVIDER, "name: Claranet", "", "“name” is missing", 1),
    (PROVIDER, "id: claranet", "id: Claranet", "something like acme", 5),
    (PROVIDER, "id: claranet", "id: 12", 'Please put it in quotes: "12"', 5),
    (PROVIDER, "id: claranet", "id: true", 'Please put it in quotes: "true"', 5),
    (PROVIDER, "id: claranet", "id:", "Got nothing, wanted text", 4),
    (PROVIDER, "id: claranet", "id: [a]", "Got a list, wanted text", 5),
    (PROVIDER, "id: claranet", "id: {a: b}", "Got keys with values, wanted text", 5),
    (PROVIDER, "id: claranet", "id: !!str claranet", "The tag “tag:yaml.org", 5),
    (PROVIDER, "id: claranet", "id: &a claranet", "“&a” lets one place", 5),
    (PROVIDER, "id: claranet", "id: *a", "“*a” lets one place", 5),
    (PROVIDER, "id: claranet", "id: x1\nid: claranet", "first given at line", 1),
    (PROVIDER, "id: claranet", "[a]: 1\nid: claranet", "A key must be text", 1),
    (PROVIDER, "id: claranet", "\tid: claranet", "indented with a tab", 1),
    (PROVIDER, "id: claranet", "id: claranet: x", "This is not YAML", 13),
    (PROVIDER, "id: claranet", "id: 'claranet", "This is not YAML", 5),
    (PROVIDER, "id: claranet", "id: claranet\n---", "A second document", 1),
    (PROVIDER, "id: claranet", "<<: {id: claranet}", "There is no “<<” here", 1),
    (PROVIDER, "slack_teams: [T0CLARANET]", "slack_teams: []", "at least 1", 14),
    (PROVIDER, "slack_teams: [T0CLARANET]", "slack_teams: T0", "wanted a list", 14),
    (PROVIDER, "roles: [engineer]", "roles: [boss]", "one of: engineer, manager", 13),
    (PROVIDER, "user: U0BOB", "usr: U0BOB", "“usr”", 33),
    (
        PROVIDER,
        "{ team: T0CLARANET, user: U0BOB }",
        "bob",
        "wanted keys with values",
        13,
    ),
    (PROVIDER, "[bob, dave]", "[bob, deve]", "Meant may be: dave", 20),
    (ROUTES, "expires: 2h", "expires: soon", "45m, 4h or 2d", 14),
    (ROUTES, "role: client.owner", "role: owner", "wanted one of: provider.oncall", 15),
    (
        ROUTES,
        "- role: client.owner",
        "- {role: client.owner, count: 0}",
        "at least 1",
        37,
    ),
    (
        ROUTES,
        "- role: client.owner",
        "- {role: client.owner, count: 11}",
        "at most 10",
        37,
    ),
    (
        ROUTES,
        "- role: client.owner",
        "- {role: client.owner, count: two}",
        "whole number",
        37,
    ),
    (ROUTES, "risk: high", "risk: huge", "low, medium, high", 45),
    (ACME, "name: Acme", "name: Acme\nid: acme", "said by the folder", 1),
    (ACME, "name: Acme", "name: Acme\ntargets: []", "said by the folder", 1),
    (ACME, 'account: "123456789012"', "account: 123456789012", "in quotes", 12),
    (ACME, "language: en", "language: de", "wanted one of: en, fr", 11),
    (ACME, "region: eu-west-3", "region: paris", "like eu-west-3", 11),
    (ACME, "project: acme/infra", "project: ../infra", "like acme/infra", 12),
    (
        STOCK,
        "kind: instance",
        "kind: bucket",
        "Got “bucket”, wanted one of: instance, database",
        11,
    ),
    (STOCK, "    kind: instance\n", "", "“kind” is missing", 5),
    (
        STOCK,
        "- name: web-1",
        "- name: web-1\n    client: acme",
        "said by the folder",
        5,
    ),
    (STOCK, "aws: { name_tag: web-1 }", "aws: {}", "one of the two", 10),
    (STOCK, "aws: { name_tag: web-1 }", "aws: { nametag: web-1 }", "“nametag”", 12),
    (
        STOCK,
        "environment: production",
        "environment: prod",
        "one of: staging, production",
        18,
    ),
    (
        STOCK,
        "directory: environments/production",
        "directory: /etc",
        "environments/",
        18,
    ),
    (
        STOCK,
        "db_identifier: acme-db-prod",
        "db_identifier: " + "a" * 64,
        "at most 63",
        27,
    ),
    (STOCK, "targets:", "targets: here\nx:", "Got here, wanted a list", 10),
    (STOCK, "- name: web-1", "- web-1\n  - name: web-1", "keys with", 5),
]


@pytest.mark.parametrize("case", EDITS)
def test_a_wrong_place_is_told_with_file_line_and_column(texts, folder, case):
    file, old, new, piece, column = case
    line = edit(folder, file, old, new)

    problems = refusal(folder).problems

    told = [
        (one.column, said(texts, one.message))
        for one in problems
        if one.file == file and line - 2 <= one.line <= line + 2
    ]
    assert [text for at, text in told if piece in text and at == column], told


def test_every_problem_of_every_file_is_told_at_once(texts, folder):
    edit(folder, PROVIDER, "name: Claranet", "nmae: Claranet")
    edit(folder, ROUTES, "expires: 2h", "expires: soon")
    edit(folder, ROUTES, "expires: 1h", "expires: later")
    edit(folder, ACME, "language: en", "language: de")
    edit(folder, STOCK, "kind: instance", "kind: bucket")

    refused = refusal(folder)

    told = [(one.file, one.message.key) for one in refused.problems]
    assert told == [
        (ACME, "catalog.one-of"),
        (STOCK, "catalog.one-of"),
        (PROVIDER, "catalog.missing"),
        (PROVIDER, "catalog.unknown-key"),
        (ROUTES, "catalog.not-like"),
        (ROUTES, "catalog.not-like"),
    ]
    assert "6 things are wrong" in said(texts, refused.message)


def test_what_contradicts_itself_across_files_is_told_at_its_line(folder):
    line = edit(folder, "clients/globex/client.yaml", "id: gina", "id: alice")

    (problem,) = refusal(folder).problems

    assert problem.place == f"clients/globex/client.yaml:{line}:9"
    assert problem.message.args["first"] == ACME


def test_sound_files_are_compared_even_while_another_is_wrong(folder):
    edit(folder, ROUTES, "expires: 2h", "expires: soon")
    edit(folder, "clients/globex/client.yaml", "id: gina", "id: alice")

    assert keys(refusal(folder).problems) == ["repeated-member", "not-like"]


def test_rules_for_commands_that_do_not_exist_are_refused(folder):
    line = edit(folder, ROUTES, "risk: high }", "risk: high, command: resise }")

    assert load(folder).routes[0].match.command == "resise"
    (problem,) = refusal(folder, commands={"resize", "backup"}).problems
    assert (problem.line, problem.message.args["known"]) == (line, "resize")


def test_all_texts_of_consistency_can_be_said(texts, folder):
    edit(folder, ROUTES, "needs:", "needs:\n      - role: client.owner")
    edit(folder, ROUTES, "remind_before: 15m", "remind_before: 1h")
    edit(
        folder,
        PROVIDER,
        "- members: [bob, dave]",
        "- members: [bob, bob]\n  - members: [x1]",
    )
    edit(folder, PROVIDER, "[T0CLARANET]", "[T0OTHER]")
    edit(folder, ACME, 'staging: "plan:staging", ', "")
    edit(folder, ACME, "remind_before: 30m", "remind_before: 5h")
    edit(folder, STOCK, "name: web-2", "name: web-1")

    problems = refusal(folder).problems

    for problem in problems:
        assert said(texts, problem.message)
    assert len(set(keys(problems))) == 9


@pytest.mark.parametrize("key", [
    "provider-is-client", "repeated-slack", "repeated-gitlab", "repeated-channel",
    "repeated-project", "repeated-role", "repeated-resource", "repeated-address",
    "shift-ends-first", "rule-hidden", "lowered-by-risk", "lowered-by-cost",
    "lowered-by-history", "role-of-other-account",
    "not-valid", "too-deep",
])  # fmt: skip
def test_every_other_text_is_there(texts, key):
    args = dict.fromkeys(
        ("got", "first", "by", "rule", "wanted", "known", "limit"), "thing"
    )

    shown = said(texts, Message.of(f"catalog.{key}", args))

    assert "{" not in shown


def test_a_missing_file_is_named(texts, folder):
    (folder / ROUTES).unlink()
    (folder / STOCK).unlink()

    problems = refusal(folder).problems

    assert [one.place for one in problems] == [f"{STOCK}:1:1", f"{ROUTES}:1:1"]
    assert all("missing" in said(texts, one.message) for one in problems)


def test_a_misspelt_file_is_named_with_what_was_meant(texts, folder):
    (folder / ROUTES).rename(folder / "route.yaml")
    (folder / "notes.yml").write_text("a: b")
    (folder / "README.md").write_text("read me")
    (folder / ".hidden.yaml").write_text("- what: ever")
    (folder / "clients" / ".git").mkdir()

    problems = refusal(folder).problems

    told = {one.file: said(texts, one.message) for one in problems}
    assert set(told) == {ROUTES, "route.yaml", "notes.yml"}
    assert "meant may be: routes.yaml" in told["route.yaml"]


def test_a_folder_that_is_not_there_is_said_so(texts, tmp_path):
    (problem,) = refusal(tmp_path / "nowhere").problems

    assert "nowhere" in said(texts, problem.message)


def test_a_catalog_without_clients_is_refused(texts, folder):
    shutil.rmtree(folder / "clients")

    (problem,) = refusal(folder).problems

    assert "clients/<id>/client.yaml" in said(texts, problem.message)


@pytest.mark.parametrize("name", ["Acme", "a", "a_b", "é", "a b", "..x"])
def test_a_clients_folder_is_named_by_its_id(texts, folder, name):
    (folder / "clients" / name).mkdir()

    if name.startswith("."):
        assert load(folder)
        return
    (problem,) = refusal(folder).problems
    assert f"got “{name}”" in said(texts, problem.message)


def test_no_link_inside_the_folder_is_followed(texts, folder, tmp_path):
    (tmp_path / "elsewhere.yaml").write_text((folder / ROUTES).read_text())
    (folder / ROUTES).unlink()
    (folder / ROUTES).symlink_to(tmp_path / "elsewhere.yaml")
    (folder / "clients" / "initech").symlink_to(folder / "clients" / "acme")

    problems = refusal(folder).problems

    assert [one.file for one in problems] == ["clients/initech", ROUTES]
    assert all("symbolic link" in said(texts, one.message) for one in problems)


def test_the_folder_itself_may_be_a_link(folder, tmp_path):
    (tmp_path / "current").symlink_to(folder)

    assert load(tmp_path / "current") == load(folder)


def test_a_pipe_a_folder_and_a_closed_file_are_not_read(texts, folder):
    (folder / PROVIDER).unlink()
    os.mkfifo(folder / PROVIDER)
    (folder / ROUTES).unlink()
    (folder / ROUTES).mkdir()

    problems = refusal(folder).problems

    told = {one.file: said(texts, one.message) for one in problems}
    assert told == {
        PROVIDER: "This is not an ordinary file.",
        ROUTES: "This is not an ordinary file.",
    }


def test_what_cannot_be_opened_is_said_so(texts, folder):
    (folder / ROUTES).unlink()
    os.mknod(folder / ROUTES, stat.S_IFSOCK | 0o600)

    (problem,) = refusal(folder).problems

    assert "cannot be read: No such device" in said(texts, problem.message)


def test_a_thousand_clients_are_enough(texts, folder):
    for number in range(MOST_CLIENTS):
        (folder / "clients" / f"c{number}").mkdir()

    problems = refusal(folder).problems

    (most,) = [one for one in problems if one.file == "clients"]
    assert "more than 1,000 clients" in said(texts, most.message)


def test_an_error_without_a_text_of_ours_is_told_in_its_own_words(texts):
    class Even(BaseModel):
        number: int = Field(multiple_of=2)

    marked = read_marked(b"name: x\nnumber: 3")
    with pytest.raises(ValidationError) as caught:
        Even.model_validate(marked.data)

    (problem,) = problems_of(caught.value, file=PROVIDER, kind=PROVIDER, marked=marked)

    assert problem.place == f"{PROVIDER}:2:9"
    assert "multiple of 2" in said(texts, problem.message)


def test_what_stands_nowhere_is_told_of_the_file_as_a_whole():
    assert Marked().spot(("members", 0)) == Spot(1, 1)


def test_what_is_no_folder_is_no_client(folder):
    shutil.rmtree(folder / "clients" / "acme")
    (folder / "clients" / "acme").write_text("not a folder")

    assert [client.id for client in load(folder).clients] == ["globex"]


def test_an_enormous_file_is_not_read(texts, folder):
    (folder / ROUTES).write_bytes(b"#" * (BIGGEST_FILE + 1))

    (problem,) = refusal(folder).problems

    assert "1,024 KiB" in said(texts, problem.message)


def test_a_file_that_is_not_utf_8_is_told_by_its_line(texts, folder):
    (folder / ROUTES).write_bytes(b"# fine\nroutes: \xff\n")

    (problem,) = refusal(folder).problems

    assert problem.place == f"{ROUTES}:2:1"
    assert "UTF-8" in said(texts, problem.message)


@pytest.mark.parametrize(
    ("content", "piece", "line"),
    [
        ("", "empty", 1),
        ("# only a note\n", "empty", 1),
        ("null", "wanted keys with values", 1),
        ("- a\n- b", "wanted keys with values", 1),
        ("routes: []\na: \x01", "does not allow", 2),
        ("routes: " + "[" * 40 + "]" * 40, f"more than {DEEPEST} deep", 1),
        ("{" * 5_000, "deep", 1),
    ],
)
def test_a_file_that_is_no_such_file_is_told(texts, folder, content, piece, line):
    (folder / ROUTES).write_text(content)

    told = [(one.line, said(texts, one.message)) for one in refusal(folder).problems]

    assert [text for at, text in told if piece in text and at == line], told


def patterns_in(part):
    """Yield every pattern that a schema holds a text or a key to."""
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        yield from part.get("patternProperties", ())
        for one in part.values():
            yield from patterns_in(one)
    elif isinstance(part, list):
        for one in part:
            yield from patterns_in(one)


def test_each_pattern_has_one_example_that_fits_it():
    patterns = set(patterns_in(schema()))

    assert patterns <= set(EXAMPLES)
    for pattern, example_text in EXAMPLES.items():
        for one in re.split(", | or ", example_text.strip('"')):
            if pattern not in (names.ABOUT, names.SHOWN_NAME):
                assert jsonschema_rs.is_valid({"pattern": pattern}, one), pattern


def test_only_whole_numbers_truths_and_nothing_are_more_than_text():
    text = b"[no, 1.10, 2026-11-01, 007, 0x1f, 1_000, 12:30, .inf, 1e3, -0, '1', x]"
    few = b"[7, -7, true, false, null, ~, ]"

    assert read_marked(text).data == text.decode()[1:-1].replace("'", "").split(", ")
    assert read_marked(few).data == [7, -7, True, False, None, None]


@settings(deadline=None)
@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
@example(b"\xef\xbb\xbfa: b")
@example(b"? a\n: b")
@example(b"a: {b: [c, {d: *x}]}")
@example(b"{a: 1, a: {b: 2}, [c]: {d: 3}}")
def test_no_bytes_do_anything_but_become_data_or_flaws(content):
    marked = read_marked(content)

    assert marked.flaws or marked.values


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=60,
)
@given(
    st.sampled_from([PROVIDER, ROUTES, ACME, STOCK]),
    st.integers(0, 5_000),
    st.sampled_from(
        ["", "x", "\t", " ", "\n", ":", "-", "[", "}", "'", "&a", "*a", "é"]
    ),
)
def test_any_slip_of_the_pen_is_read_or_refused_with_a_place(folder, file, at, slip):
    path = folder / file
    text = path.read_text()
    at %= len(text)
    path.write_text(text[:at] + slip + text[at + 1 :])

    try:
        load(folder)
    except CatalogRefused as refused:
        problems = refused.problems
    else:
        problems = ()
    path.write_text(text)

    lines = {name: len((folder / name).read_text().splitlines()) for name in [file]}
    for one in problems:
        assert one.column >= 1
        assert one.line <= lines.get(one.file, one.line) + 1


def test_a_link_that_goes_round_is_no_folder(texts, tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)

    (problem,) = refusal(loop).problems

    assert "loop" in said(texts, problem.message)
