"""Who else is named before a shared value is changed."""

import pytest

EACH = (
    'resource "aws_instance" "web" {\n  for_each      = %s\n  instance_type = %s\n}\n'
)
SECOND = 'aws_instance.web["web-2"]'
LOCALS = 'locals {\n  m = { web-1 = { t = "X" }, web-2 = { t = "OLD" } }\n}\n'


def told(edit):
    """Return the consumers as `file:line what`."""
    return [f"{each.file}:{each.line} {each.what}" for each in edit.consumers]


def test_every_reader_of_a_shared_local_is_named(edit):
    files = {
        "main.tf": 'resource "a" "one" {\n  t = local.size\n}\n',
        "more.tf": (
            'resource "a" "two" {\n  nested {\n    t = "x-${local.size}"\n  }\n}\n'
            'data "b" "x" {\n  t = [local.size]\n}\n'
            'output "size" {\n  value = local.size\n}\n'
            'provider "aws" {\n  t = local.size\n}\n'
            'resource "a" "waits" {\n  depends_on = [local.size]\n}\n'
            'resource "a" "else" {\n  t = local.other + size\n}\n'
        ),
        "locals.tf": 'locals {\n  size = "OLD"\n  other = 1\n}\n',
    }

    found = edit(files, "a.one", "t", "NEW")

    assert told(found) == [
        "more.tf:3 a.two.nested.t",
        "more.tf:7 data.b.x.t",
        "more.tf:10 output.size",
        "more.tf:13 provider.aws.t",
    ]


def test_readers_of_what_is_made_from_the_value_are_named(edit):
    files = {
        "main.tf": 'resource "a" "one" {\n  t = var.size\n}\n',
        "v.tf": 'variable "size" {\n  default = "OLD"\n}\n',
        "l.tf": (
            "locals {\n"
            "  same = var.size\n"
            '  map  = { big = { t = var.size, u = "x" }, small = { t = 1 } }\n'
            '  text = "${var.size}-x"\n'
            "}\n"
        ),
        "z.tf": (
            'resource "a" "same" {\n  t = local.same\n}\n'
            'resource "a" "big" {\n  t = local.map.big.t\n}\n'
            'resource "a" "other" {\n  t = local.map.big.u\n}\n'
            'resource "a" "small" {\n  t = local.map["small"].t\n}\n'
            'resource "a" "text" {\n  t = local.text\n}\n'
            'resource "a" "any" {\n  t = local.map[var.which]\n}\n'
        ),
    }

    found = edit(files, "a.one", "t", "NEW")

    assert told(found) == [
        "l.tf:2 local.same",
        "l.tf:3 local.map",
        "l.tf:4 local.text",
        "z.tf:2 a.same.t",
        "z.tf:5 a.big.t",
        "z.tf:14 a.text.t",
        "z.tf:17 a.any.t",
    ]


def test_a_map_read_by_another_for_each_is_named_for_its_key_alone(edit):
    other = (
        'resource "a" "same" {\n  for_each = local.m\n  t = each.value.t\n}\n'
        'resource "a" "names" {\n  for_each = local.m\n  t = each.key\n}\n'
        'resource "a" "whole" {\n  for_each = local.m\n  t = each.value\n}\n'
        'resource "a" "other" {\n  for_each = local.m\n  t = each.value.u\n}\n'
    )
    files = {
        "main.tf": EACH % ("local.m", "each.value.t"),
        "l.tf": LOCALS,
        "o.tf": other,
    }

    found = edit(files, SECOND, "instance_type", "NEW")

    assert told(found) == ['o.tf:3 a.same["web-2"].t', 'o.tf:11 a.whole["web-2"].t']


def test_a_computed_key_of_an_object_may_hold_the_value_anywhere(edit):
    files = {
        "main.tf": 'resource "a" "one" {\n  t = local.size\n}\n',
        "l.tf": 'locals {\n  size = "OLD"\n  m = { (local.k) = local.size }\n}\n',
        "z.tf": 'resource "a" "two" {\n  t = local.m.anything\n}\n',
    }

    found = edit(files, "a.one", "t", "NEW")

    assert told(found) == ["l.tf:3 local.m", "z.tf:2 a.two.t"]


@pytest.mark.parametrize(
    ("source", "others"),
    [
        ('{ web-1 = 1, web-2 = 2, "web-3" = 3 }', ['["web-1"]', '["web-3"]']),
        ('toset(["web-1", "web-2"])', ['["web-1"]']),
        ("local.m", ['["web-1"]']),
        ("merge(local.m, local.n)", ['["*"]']),
        ("local.names", []),
        ("toset(local.names)", ['["*"]']),
        ('toset(["web-2", local.one])', []),
    ],
)
def test_a_value_all_instances_share_names_the_others(edit, source, others):
    names = 'locals {\n  names = ["web-1"]\n}\n'
    files = {"main.tf": EACH % (source, '"OLD"'), "l.tf": LOCALS, "n.tf": names}

    found = edit(files, SECOND, "instance_type", "NEW")

    assert [each.what for each in found.consumers] == [
        f"aws_instance.web{other}" for other in others
    ]


def test_every_caller_of_a_module_is_named_when_it_is_changed_inside(edit):
    module = 'resource "a" "one" {\n  t = "OLD"\n}\n'
    files = {
        "prod/main.tf": 'module "app" {\n  source = "../modules/app"\n}\n',
        "prod/two.tf": 'module "again" {\n  source = "../modules/app/"\n}\n',
        "stage/main.tf": (
            'module "app" {\n  source = "../modules/app"\n}\n'
            'module "far" {\n  source = "git::https://example.com/app"\n}\n'
            'module "near" {\n  source = "../modules/application"\n}\n'
        ),
        "modules/app/main.tf": module,
    }

    found = edit(files, "module.app.a.one", "t", "NEW", root="prod")

    assert told(found) == ["prod/two.tf:1 module.again", "stage/main.tf:1 module.app"]


def test_callers_that_pass_their_own_value_are_not_touched_by_a_default(edit):
    files = {
        "p/main.tf": (
            'module "app" {\n  source = "../m"\n}\n'
            'module "own" {\n  source = "../m"\n  size = "X"\n}\n'
            'module "too" {\n  source = "../m"\n}\n'
        ),
        "m/main.tf": (
            'variable "size" {\n  default = "OLD"\n}\n'
            'resource "a" "one" {\n  t = var.size\n}\n'
        ),
    }

    found = edit(files, "module.app.a.one", "t", "NEW", root="p")

    assert told(found) == ["p/main.tf:8 module.too"]


def test_a_value_passed_into_a_module_is_followed_inside_and_out_again(edit):
    files = {
        "main.tf": (
            'resource "a" "one" {\n  t = local.size\n}\n'
            'module "app" {\n  source = "./m"\n  size = local.size\n}\n'
            'module "far" {\n  source = "far/away"\n  size = local.size\n}\n'
            'resource "a" "two" {\n  t = module.app.size\n}\n'
            'resource "a" "three" {\n  t = module.app.else\n}\n'
        ),
        "l.tf": 'locals {\n  size = "OLD"\n}\n',
        "m/main.tf": (
            'variable "size" {}\n'
            'resource "a" "inner" {\n  t = var.size\n}\n'
            'output "size" {\n  value = var.size\n}\n'
        ),
    }

    found = edit(files, "a.one", "t", "NEW")

    assert told(found) == [
        "m/main.tf:3 a.inner.t",
        "m/main.tf:6 output.size",
        "main.tf:6 module.app.size",
        "main.tf:10 module.far.size",
        "main.tf:13 a.two.t",
    ]


def test_who_reads_the_attribute_itself_is_named(edit):
    files = {
        "main.tf": (
            'resource "a" "one" {\n  t = "OLD"\n}\n'
            'output "t" {\n  value = a.one.t\n}\n'
            'output "id" {\n  value = a.one.id\n}\n'
            'output "all" {\n  value = a.one[*]\n}\n'
        )
    }

    found = edit(files, "a.one", "t", "NEW")

    assert told(found) == ["main.tf:5 output.t", "main.tf:11 output.all"]


def test_a_reader_in_json_is_named(edit):
    files = {
        "main.tf": 'resource "a" "one" {\n  t = local.size\n}\n',
        "l.tf": 'locals {\n  size = "OLD"\n}\n',
        "o.tf.json": '{"output": {\n"x": {"value": "${local.size}"}}}',
    }

    found = edit(files, "a.one", "t", "NEW")

    assert told(found) == ["o.tf.json:2 output.x"]


def test_a_set_read_whole_is_named_by_its_for_each(edit):
    files = {
        "main.tf": 'resource "a" "one" {\n  t = local.size\n}\n',
        "l.tf": 'locals {\n  size = "OLD"\n}\n',
        "z.tf": 'resource "a" "two" {\n  for_each = toset([local.size])\n}\n',
    }

    found = edit(files, "a.one", "t", "NEW")

    assert told(found) == ["z.tf:2 a.two.for_each"]


def test_a_circle_of_names_comes_to_an_end(edit):
    files = {
        "main.tf": 'resource "a" "one" {\n  t = local.size\n}\n',
        "l.tf": (
            'locals {\n  size = "OLD"\n'
            "  x = [local.size, local.y]\n  y = [local.x]\n}\n"
        ),
    }

    found = edit(files, "a.one", "t", "NEW")

    assert told(found) == ["l.tf:3 local.x", "l.tf:4 local.y"]


def test_a_name_in_a_label_is_no_reader(edit):
    files = {
        "main.tf": 'resource "a" "one" {\n  t = local.size\n}\n',
        "l.tf": 'locals {\n  size = "OLD"\n}\n',
        "z.tf": 'resource "a" "${local.size}" {\n  inner {\n  }\n}\n',
    }

    assert told(edit(files, "a.one", "t", "NEW")) == []
