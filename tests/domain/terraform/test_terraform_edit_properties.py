"""Random files in random styles: only the value changes, and Terraform agrees."""

import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.domain.errors import Refused
from bot.domain.terraform.address import Address
from bot.domain.terraform.edit import set_attribute
from bot.domain.terraform.literal import quote, same, write

words = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True).filter(
    lambda word: word not in {"count", "for_each", "lifecycle"}
)
printable = st.text(st.characters(codec="utf-8", exclude_categories=("C", "M", "Z")))
plain = printable.filter(lambda text: unicodedata.is_normalized("NFC", text))
values = st.one_of(
    plain.map(quote), st.integers().map(str), st.sampled_from(["true", "null"])
)
new_values = st.one_of(
    st.text(), st.integers(), st.booleans(), st.floats(allow_nan=False)
)
gaps = st.sampled_from(["", " ", "  ", "\t"])
comments = st.sampled_from(["", "", "# why", " # c = 1", "  // x", " /* y */"])
line_ends = st.sampled_from(["\n", "\r\n"])


@st.composite
def styled(draw):
    """Return a block in any style people write, and where its `target` stands."""
    end = draw(line_ends)
    names = draw(st.lists(words, max_size=5, unique=True))
    names = [name for name in names if name != "target"]
    at = draw(st.integers(min_value=0, max_value=len(names)))
    lines = []
    for name in [*names[:at], "target", *names[at:]]:
        left = f"{draw(gaps)}{name}{draw(gaps)}={draw(gaps)}"
        lines.append([left, draw(values), draw(comments)])
        if draw(st.booleans()):
            lines.append(["", "", draw(st.sampled_from(["", "# é漢", "  // x"]))])
    head = draw(st.sampled_from(["", "\ufeff", "# top" + end, end * 2]))
    opening = f'{head}resource "a" "b" {{{end}'
    before, old, after = opening, "", ""
    for left, value, comment in lines:
        if left.strip().startswith("target") and not old:
            before, old, after = before + left, value, comment + end
        elif old:
            after += left + value + comment + end
        else:
            before += left + value + comment + end
    return before, old, after + "}" + draw(st.sampled_from(["", end, end * 3]))


@given(styled(), new_values)
@example(("resource a b {\n target = ", "1", "\n}\n"), 3.775141524223251e16)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_only_the_value_and_the_gaps_before_comments_change(parts, value):
    before, old, after = parts
    source = (before + old + after).encode()

    try:
        found = set_attribute(
            {"m.tf": source},
            root="",
            address=Address("a", "b"),
            attribute="target",
            value=value,
        )
    except Refused as refused:
        key = refused.message.key.removeprefix("refused.terraform-")
        assert key in {"already", "value"}
        return

    written = write(value)
    plainly = before + written + after
    assert "".join(found.after.decode().split()) == "".join(plainly.split())
    moved = zip(found.after.split(b"\n"), plainly.encode().split(b"\n"), strict=True)
    assert all(b"#" in new or b"//" in new for new, pure in moved if new != pure)
    again = set_attribute(
        {"m.tf": found.after},
        root="",
        address=Address("a", "b"),
        attribute="target",
        value="something else",
    )
    assert same(again.old_value, value)


aligned_values = st.one_of(
    st.text("abc é漢-_.", max_size=12).map(quote),
    st.integers(0, 10**6).map(str),
    st.just("[1, 2]"),
    st.just('{ x = "y" }'),
)


@st.composite
def blocks(draw):
    """Return a block with comments at line ends; `terraform fmt` aligns it later."""
    count = draw(st.integers(1, 5))
    rows = [f"  k{i} = {draw(aligned_values)}{draw(comments)}" for i in range(count)]
    rows.insert(draw(st.integers(0, count)), '  target = "OLD"' + draw(comments))
    if draw(st.booleans()):
        heredoc = "  text = <<-E\n    a # b\n  E"
        rows.insert(draw(st.integers(0, len(rows))), heredoc)
    return 'resource "a" "b" {\n' + "\n".join(rows) + "\n}\n"


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    sources=st.lists(blocks(), min_size=30, max_size=30),
    value=st.one_of(st.text('xyz é${}"\\\n', max_size=30), st.integers()),
)
def test_what_was_formatted_stays_formatted(terraform, sources, value):
    clean = terraform.formatted([source.encode() for source in sources])

    edits = []
    for source in clean:
        try:
            edits.append(
                set_attribute(
                    {"m.tf": source},
                    root="",
                    address=Address("a", "b"),
                    attribute="target",
                    value=value,
                ).after
            )
        except Refused as refused:
            assert refused.message.key == "refused.terraform-value"  # noqa: PT017 - both ends are fine

    assert terraform.dirty(edits) == set()


def test_the_formatter_check_would_see_a_comment_out_of_line(terraform):
    crooked = b'resource "a" "b" {\n  c = 1 # x\n  d = "abc" # y\n}\n'

    found = terraform.dirty([crooked])

    assert found == {0}


@pytest.mark.parametrize("value", ['"', "\n", "${x}", "%{if}", "$${", "\0", "\u202e"])
def test_hostile_values_leave_one_valid_line(edit, value):
    source = 'resource "a" "b" {\n  c = "OLD"\n  d = 1\n}\n'

    found = edit(source, "a.b", "c", value)

    assert found.after.count(b"\n") == found.before.count(b"\n")
    assert edit(found.after, "a.b", "c", "next").old_value == value
