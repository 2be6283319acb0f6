"""Lines put in and taken out: in columns, whole, and nothing else is touched."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.errors import Refused
from bot.domain.terraform.address import Address
from bot.domain.terraform.blocks import (
    NewBlock,
    Ref,
    append_block,
    append_nested,
    remove_block,
    remove_nested,
)
from bot.domain.terraform.edit import set_attribute

WEB = Address("aws_security_group", "web")
RULE = NewBlock(
    "ingress",
    attributes=(
        ("from_port", 443),
        ("protocol", "tcp"),
        ("cidr_blocks", ("10.0.0.0/8",)),
    ),
)
GROUP = b"""resource "aws_security_group" "web" {
  name = "web" # shown

  ingress {
    from_port = 80
  }
}
"""


def put(source, name, value="NEW", **more):
    return set_attribute(
        {"m.tf": source},
        root="",
        address=WEB,
        attribute=name,
        value=value,
        insert=True,
        **more,
    )


def reason(caught):
    return caught.value.message.key.removeprefix("refused.terraform-")


def test_an_absent_attribute_is_put_in_the_columns_of_its_neighbours():
    found = put(GROUP, "description")

    assert found.old_value is None
    assert found.line == 3
    assert found.after == GROUP.replace(
        b'  name = "web" # shown\n',
        b'  name        = "web" # shown\n  description = "NEW"\n',
    )


def test_an_attribute_that_is_there_is_changed_where_it_stands():
    found = put(GROUP, "name")

    assert found.after == GROUP.replace(b'"web" # shown', b'"NEW" # shown')


def test_an_attribute_is_put_into_the_one_nested_block():
    found = put(GROUP, "ingress.description")

    assert b'    from_port   = 80\n    description = "NEW"\n' in found.after


def test_neighbours_out_of_their_columns_stay_as_they_are():
    crooked = GROUP.replace(b"name =", b"name   =")

    found = put(crooked, "description")

    assert found.after == crooked.replace(
        b"# shown\n", b'# shown\n  description = "NEW"\n'
    )


def test_a_new_attribute_of_several_instances_names_the_others():
    source = GROUP.replace(b"{\n", b'{\n  for_each = toset(["a", "b"])\n\n', 1)

    found = set_attribute(
        {"m.tf": source},
        root="",
        address=Address("aws_security_group", "web", "a"),
        attribute="description",
        value="NEW",
        insert=True,
    )

    assert [each.what for each in found.consumers] == ['aws_security_group.web["b"]']
    assert b'description = "NEW"\n\n  ingress' in found.after


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"{}", b'{\n  a = "NEW"\n}'),
        (b"{\n}", b'{\n  a = "NEW"\n}'),
        (b"{ # why\n}", b'{ # why\n  a = "NEW"\n}'),
        (b"{\r\n  b = 1\r\n}\r\n", b'{\r\n  b = 1\r\n  a = "NEW"\r\n}\r\n'),
        (b"{\n  b = <<E\nx\nE\n}\n", b'{\n  b = <<E\nx\nE\n  a = "NEW"\n}\n'),
    ],
)
def test_odd_blocks_take_an_attribute(body, wanted):
    head = b'resource "aws_security_group" "web" '

    assert put(head + body, "a").after == head + wanted


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{ b = 1 }", "one-line"),
        (b'{\n  dynamic "a" {\n    content {}\n  }\n}', "dynamic"),
        (b"{\n  lifecycle {\n    ignore_changes = [a]\n  }\n}", "ignored"),
        (b"{\n  x {}\n  x {}\n}", "no-attribute"),
    ],
)
def test_where_an_attribute_cannot_go_it_is_refused(body, why):
    name = "x.a" if why == "no-attribute" else "a"

    with pytest.raises(Refused) as caught:
        put(b'resource "aws_security_group" "web" ' + body, name)

    assert reason(caught) in {why, "duplicate"}


def test_a_nested_block_goes_after_its_like_and_comes_out_again():
    there = append_nested({"m.tf": GROUP}, root="", address=WEB, block=RULE)

    assert there.line == 8
    assert there.after == GROUP.replace(
        b"80\n  }\n",
        b"80\n  }\n\n  ingress {\n    from_port   = 443\n    protocol    = "
        b'"tcp"\n    cidr_blocks = ["10.0.0.0/8"]\n  }\n',
    )
    gone = remove_nested({"m.tf": there.after}, root="", address=WEB, block=RULE)
    assert gone.after == GROUP


@pytest.mark.parametrize(
    ("before", "gap"),
    [(b'  name = "web"\n', b"\n"), (b"", b""), (b'  name = "web"\n\n', b"")],
)
def test_a_first_nested_block_goes_to_the_end_after_a_blank_line(before, gap):
    head = b'resource "aws_security_group" "web" {\n'
    block = NewBlock("ingress", attributes=(("from_port", 443),))

    found = append_nested(
        {"m.tf": head + before + b"}\n"}, root="", address=WEB, block=block
    )

    put = gap + b"  ingress {\n    from_port = 443\n  }\n"
    assert found.after == head + before + put + b"}\n"


def test_the_same_block_is_not_put_in_twice():
    there = append_nested({"m.tf": GROUP}, root="", address=WEB, block=RULE)

    with pytest.raises(Refused) as caught:
        append_nested({"m.tf": there.after}, root="", address=WEB, block=RULE)

    assert reason(caught) == "present"


def test_a_block_that_is_not_there_or_there_twice_is_not_removed():
    once = append_nested({"m.tf": GROUP}, root="", address=WEB, block=RULE).after
    text = once[once.index(b"\n  ingress {\n    from_port   = 443") : -2]
    twice = once[:-2] + text + once[-2:]

    with pytest.raises(Refused) as none:
        remove_nested({"m.tf": GROUP}, root="", address=WEB, block=RULE)
    with pytest.raises(Refused) as several:
        remove_nested({"m.tf": twice}, root="", address=WEB, block=RULE)

    assert (reason(none), reason(several)) == ("no-block", "duplicate")


RESOURCE = NewBlock(
    "resource",
    ("aws_security_group_rule", "office"),
    (("security_group_id", Ref("aws_security_group.web.id")), ("to_port", 443)),
    (NewBlock("timeouts", attributes=(("create", "5m"),)),),
)


@pytest.mark.parametrize("before", [b"", GROUP, GROUP.rstrip(), GROUP + b"# end\n"])
def test_a_resource_is_appended_and_removed_again(before):
    there = append_block({"m.tf": before}, file="m.tf", block=RESOURCE)

    assert there.after.startswith(before)
    assert there.after.endswith(
        b'resource "aws_security_group_rule" "office" {\n'
        b"  security_group_id = aws_security_group.web.id\n  to_port           = 443\n"
        b'\n  timeouts {\n    create = "5m"\n  }\n}\n'
    )
    rule = Address("aws_security_group_rule", "office")
    gone = remove_block({"m.tf": there.after}, root="", address=rule)
    assert gone.after.rstrip() == before.rstrip()


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        (b"locals {\n} \t", b"locals {\n}\n"),
        (b"locals {\n} # why \t", b"locals {\n} # why \t\n"),
        (b"locals {\n} \n", b"locals {\n} \n"),
    ],
)
def test_blanks_at_the_end_of_a_file_go_where_a_line_comes_after_them(before, kept):
    # `terraform fmt` lets them stand at the very end alone, and in comments.
    after = append_block({"m.tf": before}, file="m.tf", block=RESOURCE).after

    assert after.startswith(kept + b"\nresource")


def test_a_resource_goes_after_its_siblings_and_takes_its_comments_with_it():
    rule = b'# a\nresource "aws_security_group_rule" "a" {\n}\n'
    before = rule + b"\n" + GROUP

    there = append_block({"m.tf": before}, file="m.tf", block=RESOURCE)

    assert there.line == 5
    assert there.after.endswith(b"}\n\n" + GROUP)
    address = Address("aws_security_group_rule", "a")
    gone = remove_block({"m.tf": before}, root="", address=address)
    assert gone.after == GROUP


def test_a_resource_is_not_appended_twice_whatever_the_file():
    other = append_block({}, file="a.tf", block=RESOURCE).after

    with pytest.raises(Refused) as caught:
        append_block({"a.tf": other}, file="b.tf", block=RESOURCE)

    assert reason(caught) == "present"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Ref("file(x)"),
        lambda: Ref("a.b}"),
        lambda: Ref("alone"),
        lambda: NewBlock("a b"),
        lambda: NewBlock("a", ('x" {',)),
        lambda: NewBlock("a", attributes=(("b = 1\nc", 1),)),
    ],
)
def test_what_is_no_name_is_not_written(make):
    with pytest.raises(Refused) as caught:
        make()

    assert reason(caught) == "name"


def test_a_block_is_appended_to_no_resource_that_is_one_line():
    source = b'\nresource "aws_security_group" "web" {}\n'

    with pytest.raises(Refused) as caught:
        append_nested({"m.tf": source}, root="", address=WEB, block=RULE)

    assert reason(caught) == "one-line"
    assert caught.value.message.args["line"] == 2


def test_one_instance_of_several_is_not_removed_for_all_of_them():
    source = GROUP.replace(b"{\n", b'{\n  for_each = toset(["a", "b"])\n', 1)
    address = Address("aws_security_group", "web", "a")

    with pytest.raises(Refused) as caught:
        remove_block({"m.tf": source}, root="", address=address)

    assert reason(caught) == "needs-key"
    assert caught.value.message.args["what"] == 'aws_security_group.web["a"]'


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [(b"", b" /* why */", 1), (b"/* why */ ", b"", 1), (b"\n/* a\n*/ ", b"", 3)],
)
def test_a_resource_that_shares_a_line_with_more_than_a_remark_is_not_removed(
    before, after, line
):
    source = before + GROUP.rstrip() + after + b"\n"

    with pytest.raises(Refused) as caught:
        remove_block({"m.tf": source}, root="", address=WEB)

    assert reason(caught) == "one-line"
    assert caught.value.message.args["line"] == line


@pytest.mark.parametrize("change", [append_nested, remove_nested])
def test_blocks_that_are_made_while_terraform_runs_are_left_alone(change):
    source = GROUP.replace(b"  ingress {", b'  dynamic "ingress" {')

    with pytest.raises(Refused) as caught:
        change({"m.tf": source}, root="", address=WEB, block=RULE)

    assert reason(caught) == "dynamic"
    assert caught.value.message.args["line"] == 4


def test_a_block_of_another_kind_or_label_is_another_block():
    made = b'  provisioner "file" {\n  }\n'
    source = GROUP[:-2] + made + GROUP[-2:]
    other = NewBlock("provisioner", ("local-exec",))
    same = NewBlock("provisioner", ("file",))

    with pytest.raises(Refused) as caught:
        remove_nested({"m.tf": source}, root="", address=WEB, block=other)
    gone = remove_nested({"m.tf": source}, root="", address=WEB, block=same)

    assert reason(caught) == "no-block"
    assert gone.after == GROUP


def test_a_reference_is_the_same_only_as_itself_and_a_computed_value_as_nothing():
    office = NewBlock("ingress", attributes=(("to", Ref("var.office")),))
    home = NewBlock("ingress", attributes=(("to", Ref("var.home")),))
    text = NewBlock("ingress", attributes=(("to", "var.office"),))
    source = append_nested({"m.tf": GROUP}, root="", address=WEB, block=office).after
    computed = source.replace(b"var.office", b'lower("var.office")')

    refusals = []
    for there, block in ((source, home), (source, text), (computed, office)):
        with pytest.raises(Refused) as caught:
            remove_nested({"m.tf": there}, root="", address=WEB, block=block)
        refusals.append(reason(caught))
    gone = remove_nested({"m.tf": source}, root="", address=WEB, block=office)

    assert refusals == ["no-block"] * 3
    assert gone.after == GROUP


@pytest.mark.parametrize(
    ("block", "written"),
    [
        (NewBlock("locals"), b"locals {}\n"),
        (NewBlock("module", ("a",)), b'module "a" {}\n'),
        (
            NewBlock("a", blocks=(NewBlock("b"), NewBlock("c"))),
            b"a {\n  b {}\n\n  c {}\n}\n",
        ),
        (
            NewBlock("a", attributes=(("b", 1),), blocks=(NewBlock("c"),)),
            b"a {\n  b = 1\n\n  c {}\n}\n",
        ),
    ],
)
def test_a_block_with_little_in_it_is_written_as_terraform_formats_it(block, written):
    assert append_block({}, file="m.tf", block=block).after == written


@pytest.mark.parametrize("value", ["\ud800", ("x", "e\u0301"), float("nan")])
def test_a_value_that_terraform_would_not_read_back_is_not_written(value):
    block = NewBlock("locals", attributes=(("a", value),))

    with pytest.raises(Refused) as caught:
        append_block({}, file="m.tf", block=block)

    assert reason(caught) == "value"


names = st.from_regex(r"[a-z][a-z0-9_]{0,14}", fullmatch=True).filter(
    lambda word: word not in {"count", "for_each", "lifecycle", "ingress"}
)
sides = st.sampled_from(
    ["1", '"é漢"', "[1, 2]", "{ x = 1 }", "{\n    x = 1\n  }", "<<E\n  a = 1 # b\nE"]
)
ends = st.sampled_from(["", "", " # why", " // x", " /* y */"])


@st.composite
def groups(draw):
    """Return a block in any style; `terraform fmt` puts it in columns later."""
    rows = []
    for name in draw(st.lists(names, max_size=6, unique=True)):
        side = draw(sides)
        tail = "" if side.startswith("<<") else draw(ends)
        rows.append(f"  {name} = {side}{tail}")
        rows += draw(st.sampled_from([[], [], [""], ["  # apart"]]))
    if draw(st.booleans()):
        rows.insert(
            draw(st.integers(0, len(rows))), "  ingress {\n    a = 1\n  } # end"
        )
    body = "\n".join(rows)
    after = draw(st.sampled_from(["", "# end\n", "\nlocals {\n  a = 1\n}\n"]))
    return f'resource "aws_security_group" "web" {{{draw(ends)}\n{body}\n}}\n{after}'


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    sources=st.lists(groups(), min_size=30, max_size=30),
    name=names,
    value=st.one_of(st.text('xyz é${}"\\\n', max_size=30), st.integers()),
)
def test_what_was_formatted_stays_formatted(terraform, sources, name, value):
    clean = terraform.formatted([source.encode() for source in sources])

    edits = []
    for source in clean:
        try:
            edits.append(put(source, name, value).after)
        except Refused as refused:
            assert refused.message.key.startswith("refused.terraform-")  # noqa: PT017 - both ends are fine
        there = append_nested({"m.tf": source}, root="", address=WEB, block=RULE).after
        gone = remove_nested({"m.tf": there}, root="", address=WEB, block=RULE).after
        more = append_block({"m.tf": source}, file="m.tf", block=RESOURCE).after
        edits += [there, gone, more]

    assert terraform.dirty(edits) == set()


def test_a_comment_far_above_keeps_its_column_when_its_sign_moves():
    source = b"""\
resource "aws_security_group" "web" { // x
  vyx = 1                             // x
  xba = 1

  ingress {
    a = 1
  }
}
"""

    after = put(source, "a_far_longer_name", 2).after

    assert (
        after.decode()
        == """\
resource "aws_security_group" "web" { // x
  vyx               = 1               // x
  xba               = 1
  a_far_longer_name = 2

  ingress {
    a = 1
  }
}
"""
    )


@given(source=groups(), name=names)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_insertion_changes_nothing_but_blanks_elsewhere(source, name):
    try:
        found = put(source.encode(), name, "N")
    except Refused:
        return

    if found.old_value is None and found.via[0].source.startswith("resource"):
        was, now = (each.decode().split("\n") for each in (found.before, found.after))
        del now[found.line - 1]
        assert ["".join(line.split()) for line in now] == [
            "".join(line.split()) for line in was
        ]
    assert put(found.after, name, "other").old_value == "N"
