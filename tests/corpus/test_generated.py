"""The trials of the corpus, on files made up on the spot: these run always."""

from __future__ import annotations

import json

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.terraform.align import aligned
from bot.domain.terraform.hcl import parse
from bot.domain.terraform.literal import quote
from tests.corpus.differences import only_lines_came, only_value_changed
from tests.corpus.terraform_trial import terraform_trial
from tests.corpus.text_trial import json_trial, yaml_trial

CALM = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda word: word not in {"count", "for_each", "lifecycle", "dynamic", "depends_on"}
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "M")), max_size=9)
literals = st.one_of(
    st.from_regex(r"[a-z0-9 ./:#-]{0,12}", fullmatch=True).map(quote),
    st.integers(-9, 10**6).map(str),
    st.sampled_from(["true", "false", "null", "var.x", '"${var.x}"', '["a", 1]']),
)
comments = st.sampled_from(["", "", "", "# why", "// so", "# é漢"])


@st.composite
def bodies(draw, depth=0):
    """Return the lines of a block's body, as anybody may have written them."""
    lines, taken = [], set()
    for name in draw(st.lists(names, min_size=1, max_size=5, unique=True)):
        taken.add(name)
        lines.append(f"{name} = {draw(literals)} {draw(comments)}".rstrip())
        if draw(st.integers(0, 5)) == 0:
            lines.append(draw(st.sampled_from(["", "# a line of its own"])))
    if depth < 1 and draw(st.booleans()):
        inner = draw(bodies(depth=depth + 1))
        name = draw(names.filter(lambda word: word not in taken))
        lines += ["", f"{name} {{", *(f"  {line}".rstrip() for line in inner), "}"]
    return lines


@st.composite
def modules(draw):
    """Return a `.tf` file with some resources, in columns or not."""
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    lines = ['variable "x" {', '  default = "d"', "}"]
    for number in range(draw(st.integers(1, 3))):
        body = (f"  {line}".rstrip() for line in draw(bodies()))
        lines += ["", f'resource "aws_thing" "r{number}" {{', *body, "}"]
    source = (end.join(lines) + draw(st.sampled_from(["", end]))).encode()
    if draw(st.booleans()):
        source = aligned(parse("m.tf", source), range(len(lines) + 1))
    return source


@CALM
@given(source=modules())
def test_made_up_terraform_is_edited_like_the_corpus(tmp_path_factory, source):
    root = tmp_path_factory.mktemp("corpus")
    (root / "one").mkdir()
    (root / "one" / "main.tf").write_bytes(source)

    book = terraform_trial(root)

    assert book.wrong == []
    assert book.files == 1
    for where, before, after in book.edited:
        assert not in_columns(before) or in_columns(after), where


def in_columns(source: bytes) -> bool:
    """Whether the embedded formatting rule would move nothing."""
    document = parse("m.tf", source)
    return aligned(document, range(source.count(b"\n") + 1)) == source


values = st.recursive(
    st.one_of(texts, st.integers(-99, 10**6), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(names, inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)
documents = st.dictionaries(names, values, min_size=1, max_size=4)


@CALM
@given(document=documents, flow=st.sampled_from([None, True, False]))
def test_made_up_yaml_is_edited_like_the_corpus(tmp_path_factory, document, flow):
    root = tmp_path_factory.mktemp("corpus")
    text = yaml.safe_dump(document, allow_unicode=True, default_flow_style=flow)
    (root / "vars.yml").write_text(f"# made up\n{text}", "utf-8")

    book = yaml_trial(root)

    assert book.wrong == []


@CALM
@given(document=documents, indent=st.sampled_from([None, 2, 4, "\t"]))
def test_made_up_json_is_edited_like_the_corpus(tmp_path_factory, document, indent):
    root = tmp_path_factory.mktemp("corpus")
    (root / "role.json").write_text(json.dumps(document, indent=indent), "utf-8")

    book = json_trial(root)

    assert book.wrong == []


def test_the_judge_sees_a_second_line_that_changed():
    before = b"a = 1\nb = 2\n"

    assert only_value_changed(before, b"a = 3\nb = 2\n", old=b"1", new=b"3") == ""
    assert only_value_changed(before, b"a = 3\nb = 4\n", old=b"1", new=b"3")
    assert only_value_changed(before, b"a = 3\nb  = 2\n", old=b"1", new=b"3")
    assert only_value_changed(before, b"a = 3\n", old=b"1", new=b"3")
    assert only_value_changed(before, b"a = 5\nb = 2\n", old=b"1", new=b"3")


def test_the_judge_sees_a_line_that_was_lost():
    assert only_lines_came(b"a\nb\n", b"a\nnew\nb\n") == ""
    assert only_lines_came(b"a\nb\n", b"a\nnew\n")


def test_the_trial_counts_what_it_cannot_read(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "broken.tf").write_text('resource "a" {')

    book = terraform_trial(tmp_path)

    assert (book.files, book.unreadable) == (1, 1)
    assert "terraform: 1 files, 1 not read" in book.told("terraform")
    assert book.refused["terraform-syntax"] == 1
