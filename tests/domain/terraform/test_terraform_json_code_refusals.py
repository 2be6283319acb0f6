"""Code in JSON that is not edited, and the reason, file and line that are given."""

import pytest

from bot.domain.errors import Refused
from bot.domain.terraform.address import Address
from bot.domain.terraform.blocks import (
    NewBlock,
    append_block,
    append_nested,
    remove_block,
    remove_nested,
)
from bot.domain.terraform.edit import set_attribute

WEB = '{"resource": {"aws_instance": {"web": {\n  "instance_type": %s\n}}}}\n'
HCL = 'resource "aws_instance" "web" {\n  instance_type = %s\n}\n'
ONE = ("aws_instance.web", "instance_type", "NEW")


RIGHT_SIDES = {
    r"${true ? \"a\" : \"b\"}": "conditional",
    r"${lower(\"A\")}": "function",
    "${toset(local.l)}": "function",
    r"${toset([\"a\"])}": "collection",
    "a-${local.s}": "template",
    "${local.s}-${local.s}": "template",
    "%{ if true }a%{ endif }": "template",
    "${local.s": "template",
    r"${local.s}\" + \"${local.s}": "operation",
    r"${local.s}\"\nx = \"${local.s}": "template",
    r"${local.s}\" # }": "template",
    "${}": "template",
    "${local.s +}": "template",
    r"\ud800": "template",
    r"\ufeffx": "template",
    "${1 + 1}": "operation",
    "${[local.s]}": "operation",
    "${{}}": "operation",
    "${local.m}": "collection",
    "${local.m.a.b}": "not-collection",
    "${local.l[7]}": "no-key",
    "${local.m[local.s]}": "computed-key",
    "${local.k.x}": "computed-key",
    "${local.none}": "no-block",
    "${var.none}": "no-block",
    "${data.x.y.z}": "reference",
    "${each.value}": "reference",
    "${each.key}": "each-key",
    "${local.loop}": "loop",
}
LOCALS = (
    '{"locals": {"s": "x", "l": ["x"], "m": {"a": "x"}, "k": {"${local.s}": 1},'
    ' "loop": "${local.loop}"}}'
)


@pytest.mark.parametrize(("text", "reason"), RIGHT_SIDES.items())
def test_what_is_not_one_plain_value_is_refused(refusal, text, reason):
    files = {"main.tf.json": WEB % f'"{text}"', "l.tf.json": LOCALS}

    assert refusal(files, *ONE)[0] == reason


def resource(*lines):
    return WEB.replace('  "instance_type": %s\n', ",\n".join(lines))


FILES = {
    "a syntax error": (WEB % "'x'", ("syntax", "m.tf.json", 2)),
    "a comment of another language": (WEB % '"x" // y', ("syntax", "m.tf.json", 2)),
    "something after the end": (WEB % '"x"' + "{}", ("syntax", "m.tf.json", 4)),
    "a byte order mark": ("\ufeff" + WEB % '"x"', ("syntax", "m.tf.json", 1)),
    "nothing": ("", ("syntax", "m.tf.json", 1)),
    "no object": ("5", ("syntax", "m.tf.json", 1)),
    "a list of no objects": ("[{},\n[]]", ("syntax", "m.tf.json", 2)),
    "labels that are none": ('{"resource": {\n"a": "x"}}', ("syntax", "m.tf.json", 2)),
    "a block that is none": ('{"locals":\n[{}, "x"]}', ("syntax", "m.tf.json", 2)),
    "half a character in a key": (
        '{"locals": {\n"\\ud800": 1}}',
        ("syntax", "m.tf.json", 2),
    ),
    "endless lists": ("[" * 9000 + "]" * 9000, ("syntax", "m.tf.json", 0)),
    "not UTF-8": (b'{\n"\xff": 1}', ("encoding", "m.tf.json", 2)),
    "UTF-16": ("{}".encode("utf-16"), ("encoding", "m.tf.json", 1)),
    "too large": ('{"//": "' + "x" * 2**21 + '"}', ("large", "m.tf.json", 0)),
    "an argument twice": (
        resource('"instance_type": 1', '"instance_type": 1'),
        ("duplicate", "m.tf.json", 3),
    ),
    "an argument in both halves of a body": (
        WEB.replace('{\n  "instance_type": %s\n}', "[[{%s: 1},\n{%s: 2}]]")
        % (('"instance_type"',) * 2),
        ("duplicate", "m.tf.json", 2),
    ),
    "a key twice elsewhere": (
        '{"locals": {"x": [{"a": 1,\n"\\u0061": 2}]}}',
        ("duplicate", "m.tf.json", 2),
    ),
    "a resource twice": (
        f"[{resource()},{resource()}]",
        ("duplicate", "m.tf.json", 3),
    ),
    "a resource in a list twice": (
        '{"resource": {"aws_instance": {"web": [{},\n{}]}}}',
        ("duplicate", "m.tf.json", 2),
    ),
    "counted": (
        resource('"count": 2', '"instance_type": 1'),
        ("count", "m.tf.json", 2),
    ),
    "several": (resource('"for_each": {}'), ("needs-key", "m.tf.json", 2)),
    "all ignored": (
        resource('"instance_type": 1', '"lifecycle": {"ignore_changes": "all"}'),
        ("ignored", "m.tf.json", 3),
    ),
    "ignored": (
        resource(
            '"instance_type": 1', '"lifecycle": [{"ignore_changes": ["x"]}]'
        ).replace('"x"', '\n" instance_type[\\"y\\"] "'),
        ("ignored", "m.tf.json", 3),
    ),
    "already": (WEB % '"NEW"', ("already", "m.tf.json", 2)),
    "no such argument": (resource('"x": 1'), ("no-attribute", "m.tf.json", 1)),
    "a collection": (WEB % "[1]", ("collection", "m.tf.json", 2)),
}


@pytest.mark.parametrize(("source", "told"), FILES.values(), ids=FILES.keys())
def test_the_reason_is_given_with_file_and_line(refusal, source, told):
    assert refusal({"m.tf.json": source}, *ONE)[:3] == told


OTHERS = {
    "the resource in HCL too": (
        {"a.tf.json": WEB % '"x"', "b.tf": HCL % '"x"'},
        ("duplicate", "b.tf", 1),
    ),
    "the resource in two files": (
        {"a.tf.json": WEB % '"x"', "b.tf.json": WEB % '"x"'},
        ("duplicate", "b.tf.json", 1),
    ),
    "an override": (
        {"a.tf.json": WEB % '"x"', "a_override.tf.json": WEB % '"x"'},
        ("override", "a_override.tf.json", 1),
    ),
    "an override in HCL": (
        {"a.tf.json": WEB % '"x"', "override.tf": HCL % '"x"'},
        ("override", "override.tf", 1),
    ),
    "a local in an override": (
        {
            "a.tf": HCL % "local.x",
            "l.tf": "locals {\n  x = 1\n}\n",
            "override.tf.json": '{"locals": {\n"x": 2}}',
        },
        ("override", "override.tf.json", 2),
    ),
    "a syntax error in a neighbour": (
        {"a.tf": HCL % '"x"', "b.tf.json": '{\n"locals": {\n}'},
        ("syntax", "b.tf.json", 3),
    ),
    "a secret": (
        {
            "a.tf.json": WEB % '"${var.x}"',
            "v.tf.json": '{"variable": {"x": {"default": 1,\n"sensitive": true}}}',
        },
        ("sensitive", "v.tf.json", 2),
    ),
    "set by CI": (
        {"a.tf.json": WEB % '"${var.x}"', "v.tf.json": '{"variable": {"x": {}}}'},
        ("ci-only", "a.tf.json", 2),
    ),
}


@pytest.mark.parametrize(("files", "told"), OTHERS.values(), ids=OTHERS.keys())
def test_what_other_files_say_is_told_with_file_and_line(refusal, files, told):
    assert refusal(files, *ONE)[:3] == told


BODY = (
    '{"resource": {"a": {"b": {"disk": [{"size": 1},\n{"size": 2}], "none": [],\n'
    '"dynamic": {\n"moving": {"content": {}}},\n'
    '"only": {"dynamic": [{\n"x": {}}], "y": {"${local.k}": 1}, "z": 1}}}}}'
)
PATHS = {
    "disk.size": ("duplicate", 2),
    "none.size": ("no-key", 2),
    "moving.size": ("dynamic", 4),
    "only.x": ("no-key", 5),
    "only.w": ("no-key", 5),
    "only.y.k": ("computed-key", 6),
    "only.z.k": ("not-collection", 6),
}


@pytest.mark.parametrize(("path", "told"), PATHS.items())
def test_a_path_must_name_one_value(refusal, path, told):
    found = refusal({"m.tf.json": BODY}, "a.b", path, "NEW")

    assert (found[0], found[2]) == told


def test_a_path_into_what_a_dynamic_makes_is_refused(refusal):
    source = '{"resource": {"a": {"b": {"c": {"dynamic": {"y": {}, "x": {}}}}}}}'

    assert refusal({"m.tf.json": source}, "a.b", "c.x.y", "NEW")[0] == "dynamic"


@pytest.mark.parametrize(
    "path", ["provider", "lifecycle.ignore_changes", "provisioner.when"]
)
def test_a_name_that_json_has_as_a_text_is_no_value(refusal, path):
    source = (
        '{"resource": {"a": {"b": {"provider": "aws.west", "lifecycle": '
        '{"ignore_changes": ["x"]}, "provisioner": {"x": {"when": "destroy"}}}}}}'
    )

    assert refusal({"m.tf.json": source}, "a.b", path, "NEW")[0] == "reference"


@pytest.mark.parametrize("value", ["\ud800", "e\u0301", "\ufeffx", float("inf")])
def test_a_value_that_would_not_read_back_is_refused(refusal, value):
    assert refusal({"m.tf.json": WEB % '"x"'}, *ONE[:2], value)[0] == "value"


def test_a_body_in_two_is_not_put_anything_into():
    with pytest.raises(Refused) as caught:
        set_attribute(
            {"m.tf.json": b'{"resource": {"a": {"b": [[{}, {}]]}}}'},
            root="",
            address=Address("a", "b"),
            attribute="c",
            value=1,
            insert=True,
        )

    assert caught.value.message.key == "refused.terraform-json"


NEW = NewBlock(type="rule", attributes=(("x", 1),))
FOUND = Address("a", "b")
WHOLE = {
    "a new block": lambda files: append_block(files, file="m.tf.json", block=NEW),
    "a new block inside": lambda files: append_nested(
        files, root="", address=FOUND, block=NEW
    ),
    "a block gone": lambda files: remove_block(files, root="", address=FOUND),
    "a block gone inside": lambda files: remove_nested(
        files, root="", address=FOUND, block=NEW
    ),
}


@pytest.mark.parametrize("act", WHOLE.values(), ids=WHOLE.keys())
def test_whole_blocks_are_neither_put_in_nor_taken_out(act):
    files = {"m.tf.json": b'{"resource": {"a": {"b": {"rule": {"x": 1}}}}}'}

    with pytest.raises(Refused) as caught:
        act(files)

    message = caught.value.message
    assert (message.key, message.args["file"]) == (
        "refused.terraform-json",
        "m.tf.json",
    )
