"""What is not edited, and the reason, file and line that are given."""

import pytest

from bot.domain.errors import Refused
from bot.domain.terraform.directory import Tree
from bot.domain.terraform.hcl import parse

WEB = 'resource "aws_instance" "web" {\n  instance_type = %s\n}\n'
ONE = ("aws_instance.web", "instance_type", "NEW")
LOCALS = 'locals {\n  m = {\n    a = "x"\n  }\n  s = "x"\n  l = ["x"]\n  k = "a"\n}\n'

RIGHT_SIDES = {
    'true ? "a" : "b"': "conditional",
    'lower("A")': "function",
    "provider::x::f(1)": "function",
    'toset(["a"])': "collection",
    "toset(local.l)": "function",
    '"a-${local.s}"': "template",
    '"%{ if true }a%{ endif }"': "template",
    '"${local.s}${local.s}"': "template",
    '"a\nb"': "template",
    '"$$${x}"': "template",
    '"\\q"': "syntax",
    '"\\UFFFFFFFF"': "template",
    "9" * 400: "template",
    "<<E\nx\nE": "heredoc",
    "1 + 1": "operation",
    "!true": "operation",
    "-local.s": "operation",
    "-(1)": "operation",
    '[for x in local.l : "a"]': "operation",
    "aws_instance": "operation",
    "[1]": "collection",
    '{ a = "b" }': "collection",
    "local.m": "collection",
    "local.m.b": "no-key",
    "local.l[7]": "no-key",
    "local.l.x": "no-key",
    "local.m[local.k]": "computed-key",
    "local.l[1.5]": "computed-key",
    "local.l[1234567890123456789012]": "no-key",
    "local.l.12345678901234": "computed-key",
    "local.m[each.key]": "computed-key",
    "local.l[*].x": "computed-key",
    "local.l.*.x": "computed-key",
    "local.s.x": "not-collection",
    "local.none": "no-block",
    "var.none": "no-block",
    "local": "operation",
    "data.x.y.z": "reference",
    "module.x.y": "reference",
    "aws_instance.other.type": "reference",
    "path.module": "reference",
    "each.value": "reference",
    "each.key": "each-key",
    '(local.s)["x"]': "operation",
}


@pytest.mark.parametrize(("right", "reason"), RIGHT_SIDES.items())
def test_what_is_not_one_plain_value_is_refused(refusal, right, reason):
    found = refusal({"main.tf": WEB % right, "locals.tf": LOCALS}, *ONE)

    assert found[0] == reason


TREES = {
    "ternary behind a local": (
        {"main.tf": WEB % "local.x", "l.tf": "locals {\n\n  x = true ? 1 : 2\n}\n"},
        ("conditional", "l.tf", 3),
    ),
    "syntax error in the file": (
        WEB % '"x"' + "\n= 1\n",
        ("syntax", "main.tf", 5),
    ),
    "syntax error in a neighbour": (
        {"main.tf": WEB % '"x"', "n.tf": "a = 1\n}\n"},
        ("syntax", "n.tf", 2),
    ),
    "syntax error in the variables": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {}\n',
            "a.auto.tfvars": "\n= 1\n",
        },
        ("syntax", "a.auto.tfvars", 2),
    ),
    "not UTF-8": (b"# ok\n# \xff\n", ("encoding", "main.tf", 2)),
    "very large": (b"#" * (2 * 1024 * 1024 + 1), ("large", "main.tf", 0)),
    "no code": ({"other/main.tf": ""}, ("no-files", ".", 0)),
    "no such block": ({"main.tf": "\n"}, ("no-block", ".", 0)),
    "a comment alone": ({"main.tf": "# x"}, ("no-block", ".", 0)),
    "two blocks": (WEB % '"x"' + WEB % '"y"', ("duplicate", "main.tf", 4)),
    "two attributes": (
        'resource "aws_instance" "web" {\n  instance_type = 1\n  instance_type = 2\n}',
        ("duplicate", "main.tf", 3),
    ),
    "two locals": (
        {
            "main.tf": WEB % "local.x",
            "l.tf": "locals {\n x = 1\n}\nlocals {\n x = 2\n}",
        },
        ("duplicate", "l.tf", 5),
    ),
    "two keys": (
        {
            "main.tf": WEB % "local.x.a",
            "l.tf": "locals {\n x = {\n a = 1\n a = 2\n }\n}",
        },
        ("duplicate", "l.tf", 4),
    ),
    "a computed key beside": (
        {
            "main.tf": WEB % "local.x.a",
            "l.tf": "locals {\n x = {\n (y) = 1\n a = 2\n }\n}",
        },
        ("computed-key", "l.tf", 3),
    ),
    "a key that is a template": (
        {"main.tf": WEB % "local.x.a", "l.tf": 'locals {\n x = {\n "${y}" = 1\n }\n}'},
        ("computed-key", "l.tf", 3),
    ),
    "two values in a variable file": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {}\n',
            "terraform.tfvars": "x = 1\nx = 2\n",
        },
        ("duplicate", "terraform.tfvars", 2),
    ),
    "an override file": (
        {"main.tf": WEB % '"x"', "main_override.tf": WEB % '"y"'},
        ("override", "main_override.tf", 1),
    ),
    "a JSON override file": (
        {
            "main.tf": WEB % '"x"',
            "override.tf.json": '{"resource": {"aws_instance": {\n"web": {}}}}',
        },
        ("override", "override.tf.json", 2),
    ),
    "JSON alone": ({"main.tf.json": "{}"}, ("no-block", ".", 0)),
    "JSON has the block alone": (
        {"main.tf": "", "x.tf.json": '{"resource": {"aws_instance": {"web": {}}}}'},
        ("no-attribute", "x.tf.json", 1),
    ),
    "JSON does not have the block": (
        {"main.tf": "", "x.tf.json": "{}"},
        ("no-block", ".", 0),
    ),
    "JSON variables in a list": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {}\n',
            "terraform.tfvars": "x = 1\n",
            "z.auto.tfvars.json": '[{"x": 2}]',
        },
        ("json", "z.auto.tfvars.json", 0),
    ),
    "JSON variables that are one text": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {}\n',
            "terraform.tfvars.json": '"x"',
        },
        ("syntax", "terraform.tfvars.json", 0),
    ),
    "JSON variables with a comment": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {}\n',
            "terraform.tfvars.json": '{\n"x": 1 // why\n}',
        },
        ("syntax", "terraform.tfvars.json", 2),
    ),
    "JSON variables that are too many": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {}\n',
            "terraform.tfvars.json": '{"x": "' + "y" * 2**21 + '"}',
        },
        ("large", "terraform.tfvars.json", 0),
    ),
    "two values in JSON variables": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {}\n',
            "terraform.tfvars.json": '{\n"x": 1,\n"x": 2\n}',
        },
        ("duplicate", "terraform.tfvars.json", 3),
    ),
    "two values of a key in JSON variables": (
        {
            "main.tf": WEB % "var.x.a",
            "v.tf": 'variable "x" {}\n',
            "terraform.tfvars.json": '{\n"x": {"a": 1,\n"a": 2}\n}',
        },
        ("duplicate", "terraform.tfvars.json", 3),
    ),
    "half a character in JSON variables": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {}\n',
            "terraform.tfvars.json": '{\n"x": "\\ud800"\n}',
        },
        ("template", "terraform.tfvars.json", 2),
    ),
    "an absurd number in JSON variables": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {}\n',
            "terraform.tfvars.json": '{\n"x": ' + "1" * 301 + "\n}",
        },
        ("template", "terraform.tfvars.json", 2),
    ),
    "a whole object in JSON variables": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {}\n',
            "terraform.tfvars.json": '{\n"x": {"a": 1}\n}',
        },
        ("collection", "terraform.tfvars.json", 2),
    ),
    "JSON variables that are none": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {}\n',
            "terraform.tfvars.json": "{",
        },
        ("syntax", "terraform.tfvars.json", 1),
    ),
    "counted": (
        'resource "aws_instance" "web" {\n  count = 2\n  instance_type = 1\n}',
        ("count", "main.tf", 2),
    ),
    "several": (
        'resource "aws_instance" "web" {\n  for_each = {}\n  instance_type = 1\n}',
        ("needs-key", "main.tf", 2),
    ),
    "no such attribute": (
        'resource "aws_instance" "web" {\n}\n',
        ("no-attribute", "main.tf", 1),
    ),
    "a circle": (
        {"main.tf": WEB % "local.a", "l.tf": "locals {\n a = local.b\n b = local.a\n}"},
        ("loop", "l.tf", 2),
    ),
    "set by CI": (
        {"main.tf": WEB % "var.x", "v.tf": 'variable "x" {\n type = string\n}\n'},
        ("ci-only", "main.tf", 2),
    ),
    "a variable file nobody listed": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {\n default = 1\n}\n',
            "vars/prod.tfvars": "x = 2\n",
        },
        ("var-file", "vars/prod.tfvars", 0),
    ),
    "a JSON variable file nobody listed": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {\n default = 1\n}\n',
            "vars/prod.tfvars.json": '{"x": 2}',
        },
        ("var-file", "vars/prod.tfvars.json", 0),
    ),
    "a secret": (
        {
            "main.tf": WEB % "var.x",
            "v.tf": 'variable "x" {\n default = 1\n sensitive = true\n}\n',
        },
        ("sensitive", "v.tf", 3),
    ),
    "ignored": (
        (
            'resource "aws_instance" "web" {\n instance_type = 1\n lifecycle {\n'
            "  ignore_changes = [tags, instance_type]\n }\n}"
        ),
        ("ignored", "main.tf", 4),
    ),
    "ignored in the old way": (
        (
            'resource "aws_instance" "web" {\n instance_type = 1\n lifecycle {\n'
            '  ignore_changes = ["instance_type"]\n }\n}'
        ),
        ("ignored", "main.tf", 4),
    ),
    "everything ignored": (
        (
            'resource "aws_instance" "web" {\n instance_type = 1\n lifecycle {\n'
            "  ignore_changes = all\n }\n}"
        ),
        ("ignored", "main.tf", 4),
    ),
    "already": (WEB % '"NEW"', ("already", "main.tf", 2)),
    "already, behind a name": (
        {"main.tf": WEB % "local.x", "l.tf": 'locals {\n x = "NEW"\n}\n'},
        ("already", "l.tf", 2),
    ),
}


@pytest.mark.parametrize(("files", "told"), TREES.values(), ids=TREES.keys())
def test_the_reason_is_given_with_file_and_line(refusal, files, told):
    assert refusal(files, *ONE)[:3] == told


EACH = (
    'resource "aws_instance" "web" {\n  for_each = %s\n  instance_type = %s\n}\n'
    'locals {\n  n = ["a"]\n}\n'
)
KEYED = {
    ("{ b = 1 }", "each.value"): "no-key",
    ('toset(["a"])', "each.value"): "each-key",
    ("local.n", "each.value"): "no-key",
    ("toset(local.n)", "each.value"): "function",
    ("{ a = 1 }", "each.key"): "each-key",
    ("{ a = { t = 1 } }", "each.value"): "collection",
    ("{ a = 1 }", "each.value.t"): "not-collection",
}


@pytest.mark.parametrize(("parts", "reason"), KEYED.items())
def test_an_instance_of_a_for_each_must_have_a_value_of_its_own(refusal, parts, reason):
    source = EACH % parts

    assert refusal(source, 'aws_instance.web["a"]', "instance_type", 2)[0] == reason


@pytest.mark.parametrize(
    ("address", "reason"),
    [('aws_instance.web["x"]', "no-for-each"), ("aws_instance.web[0]", "count")],
)
def test_a_key_that_does_not_fit_is_refused(refusal, address, reason):
    assert refusal(WEB % '"x"', address, "instance_type", "NEW")[0] == reason


BLOCKS = {
    "disk.size": "duplicate",
    "disk.none": "duplicate",
    "moving.size": "dynamic",
    "only": "no-attribute",
    "only.none": "no-attribute",
    "only.inner": "no-attribute",
    "tags.none": "no-key",
    "tags": "collection",
    "none.x": "no-attribute",
    "Upper": "attribute",
    "a..b": "attribute",
    "": "attribute",
    "a b": "attribute",
    "a\n": "attribute",
}


@pytest.mark.parametrize(("attribute", "reason"), BLOCKS.items())
def test_a_path_into_blocks_must_name_one_value(refusal, attribute, reason):
    source = (
        'resource "a" "b" {\n  disk {\n size = 1\n }\n  disk {\n size = 2\n }\n'
        '  dynamic "moving" {\n  }\n  dynamic "other" {\n  }\n'
        "  only {\n size = 1\n inner {\n }\n }\n"
        '  tags = { Name = "x" }\n  lifecycle {\n  prevent_destroy = true\n }\n'
        "  lifecycle {\n   ignore_changes = [ami]\n  }\n}\n"
    )

    assert refusal(source, "a.b", attribute, "NEW")[0] == reason


@pytest.mark.parametrize("path", ["tags.Name", "only.size", "only.deep.x"])
def test_a_path_into_blocks_and_objects_reaches_one_value(edit, path):
    source = (
        'resource "a" "b" {\n  only {\n    size = "OLD"\n'
        '    deep = { x = "OLD" }\n  }\n'
        '  tags = { Name = "OLD" }\n}\n'
    )

    assert edit(source, "a.b", path, "NEW").after.count(b"NEW") == 1


SOURCES = {
    '"terraform-aws-modules/ec2/aws"': "remote-module",
    '"../outside"': "remote-module",
    '"./../../outside"': "remote-module",
    "var.source": "remote-module",
    "1": "remote-module",
    '"./none"': "no-files",
}


@pytest.mark.parametrize(("source", "reason"), SOURCES.items())
def test_a_module_that_is_not_in_the_tree_is_refused(refusal, source, reason):
    files = f'module "app" {{\n  source = {source}\n}}\n'

    assert refusal(files, "module.app.a.b", "x", 1)[0] == reason


def test_a_module_without_a_source_is_refused(refusal):
    assert refusal('module "app" {}\n', "module.app.a.b", "x", 1)[0] == "remote-module"


def test_a_module_may_be_the_top_of_the_tree(edit):
    files = {
        "examples/x/main.tf": 'module "app" {\n  source = "../.."\n}\n',
        "examples/y/main.tf": 'module "app" {\n  source = "../../"\n}\n',
        "main.tf": 'resource "a" "b" {\n  x = 1\n}\n',
    }

    found = edit(files, "module.app.a.b", "x", 2, root="examples/x")

    assert found.file == "main.tf"
    assert [each.file for each in found.consumers] == ["examples/y/main.tf"]


@pytest.mark.parametrize("value", ["\ud800", "e\u0301", float("nan")])
def test_a_value_that_would_not_read_back_is_refused(refusal, value):
    assert refusal(WEB % '"x"', *ONE[:2], value)[0] == "value"


@pytest.mark.parametrize(("old", "new"), [('"8"', 8), ("8", "8"), ("8.0", 8)])
def test_the_same_value_in_another_type_is_already_there(refusal, old, new):
    assert refusal(WEB % old, *ONE[:2], new)[0] == "already"


def test_an_excerpt_is_one_short_line(refusal):
    long = "lower(\n  " + "x" * 200 + "\n)"

    what = refusal(WEB % long, *ONE)[3]

    assert len(what) == 80
    assert "\n" not in what


def test_a_missing_brace_is_found_where_it_is_missing():
    with pytest.raises(Refused) as caught:
        parse("x.tf", b'a "b" {\n  c = 1\n')

    assert caught.value.message.args["line"] == 3


def test_a_label_that_is_a_template_matches_nothing():
    tree = Tree({"m.tf": b'resource "a" "\\UFFFFFFFF" {}\nresource "a" "b" {}\n'})

    assert tree.block("", "resource", "a", "b").line == 2
