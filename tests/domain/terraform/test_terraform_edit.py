"""What an edit changes, on the ways a value can take."""

import shutil
import subprocess

import pytest

from bot.domain.errors import Broken
from bot.domain.terraform.directory import Tree
from bot.domain.terraform.edit import _prove
from bot.domain.terraform.follow import follow
from bot.domain.terraform.place import Scope

WEB = 'resource "aws_instance" "web" {\n  instance_type = %s\n}\n'
EACH = (
    'resource "aws_instance" "web" {\n  for_each      = %s\n  instance_type = %s\n}\n'
)
SECOND = 'aws_instance.web["web-2"]'


def changed(edit):
    """Return (file, line, removed text, added text) of an edit of one line."""
    pairs = zip(edit.before.split(b"\n"), edit.after.split(b"\n"), strict=True)
    lines = [
        (number, old.decode(), new.decode())
        for number, (old, new) in enumerate(pairs, start=1)
        if old != new
    ]
    assert len(lines) == 1
    number, old, new = lines[0]
    return edit.file, number, old.strip(), new.strip()


def test_a_literal_is_changed_where_it_stands(edit):
    found = edit(WEB % '"t3.medium"', "aws_instance.web", "instance_type", "m5.large")

    assert changed(found)[1:] == (
        2,
        'instance_type = "t3.medium"',
        'instance_type = "m5.large"',
    )
    assert (found.old_value, found.new_value, found.line) == (
        "t3.medium",
        "m5.large",
        2,
    )
    assert found.before_sha256 != found.after_sha256
    assert found.consumers == ()


WAYS = {
    "a variable's default": (
        {
            "main.tf": WEB % "var.size",
            "v.tf": 'variable "size" {\n  default = "OLD"\n}',
        },
        "v.tf",
    ),
    "terraform.tfvars before the default": (
        {
            "main.tf": WEB % "var.size",
            "v.tf": 'variable "size" {\n  default = "x"\n}\n',
            "terraform.tfvars": 'size = "OLD"\n',
        },
        "terraform.tfvars",
    ),
    "the last of the auto.tfvars": (
        {
            "main.tf": WEB % "var.size",
            "v.tf": 'variable "size" {}\n',
            "terraform.tfvars": 'size = "x"\n',
            "a.auto.tfvars": 'size = "y"\n',
            "b.auto.tfvars": 'size = "OLD"\n',
            "c.auto.tfvars": 'other = "z"\n',
        },
        "b.auto.tfvars",
    ),
    "tfvars after JSON variables that have an earlier word": (
        {
            "main.tf": WEB % "var.size",
            "v.tf": 'variable "size" {}\n',
            "terraform.tfvars.json": '{"size": "x"}',
            "z.auto.tfvars": 'size = "OLD"\n',
        },
        "z.auto.tfvars",
    ),
    "JSON variables that have the last word": (
        {
            "main.tf": WEB % "var.size",
            "v.tf": 'variable "size" {}\n',
            "terraform.tfvars": 'size = "x"\n',
            "terraform.tfvars.json": '{\n\t"size":"OLD", "other": 1\n}',
            "a.auto.tfvars": 'other = "y"\n',
        },
        "terraform.tfvars.json",
    ),
    "the last of the JSON auto.tfvars": (
        {
            "main.tf": WEB % 'var.sizes["web"].list[1]',
            "v.tf": 'variable "sizes" {}\n',
            "a.auto.tfvars.json": '{"sizes": {"web": {"list": ["x", "y"]}}}',
            "b.auto.tfvars.json": '{"sizes": {"web": {"list": ["x", "OLD"]}}}',
        },
        "b.auto.tfvars.json",
    ),
    "JSON variables that say nothing of it": (
        {
            "main.tf": WEB % "var.size",
            "v.tf": 'variable "size" {\n  sensitive = false\n}\n',
            "terraform.tfvars": 'size = "OLD"\n',
            "z.auto.tfvars.json": "[]",
        },
        "terraform.tfvars",
    ),
    "variable files elsewhere and of others": (
        {
            "main.tf": WEB % "var.size",
            "v.tf": 'variable "size" {\n  default = "OLD"\n}\n',
            "vars/prod.tfvars": 'size_of_other = "x"\n',
            "vars/prod.tfvars.json": '{"size_of_other": "x"}',
            "vars/more.tfvars": 'other = "size"\n',
            "vars/terraform.tfvars": 'size = "x"\n',
        },
        "v.tf",
    ),
    "a local": (
        {"main.tf": WEB % "local.size", "l.tf": 'locals {\n  size = "OLD"\n}\n'},
        "l.tf",
    ),
    "a key of a local": (
        {
            "main.tf": WEB % 'local.s["web"].t',
            "l.tf": 'locals {\n s = {\n web = { t = "OLD" }\n }\n}',
        },
        "l.tf",
    ),
    "a number as key": (
        {
            "main.tf": WEB % 'local.s["1"]',
            "l.tf": 'locals {\n s = {\n 1 = "OLD"\n }\n}',
        },
        "l.tf",
    ),
    "a position in a list": (
        {"main.tf": WEB % "local.s[1]", "l.tf": 'locals {\n s = ["x",\n "OLD"]\n}\n'},
        "l.tf",
    ),
    "a position written the old way": (
        {"main.tf": WEB % "local.s.0", "l.tf": 'locals {\n s = ["OLD"]\n}\n'},
        "l.tf",
    ),
    "an interpolation of the old kind": (
        {"main.tf": WEB % '"${local.size}"', "l.tf": 'locals {\n  size = "OLD"\n}\n'},
        "l.tf",
    ),
    "parentheses and comments": (
        {"main.tf": WEB % '( /* why */ "OLD" )'},
        "main.tf",
    ),
    "a local that is a variable": (
        {
            "main.tf": WEB % "local.size",
            "l.tf": "locals {\n  size = var.size\n}\n",
            "v.tf": 'variable "size" { default = "OLD" }\n',
        },
        "v.tf",
    ),
}


@pytest.mark.parametrize(("files", "file"), WAYS.values(), ids=WAYS.keys())
def test_the_value_is_changed_where_it_is_decided(edit, files, file):
    found = edit(files, "aws_instance.web", "instance_type", "NEW")

    where, _, old, new = changed(found)
    assert where == file
    assert old.replace("OLD", "NEW") == new
    assert found.old_value == "OLD"


EACH_WAYS = {
    "a map of objects": (
        '{\n web-1 = { t = "X" }\n web-2 = { t = "OLD" }\n }',
        "each.value.t",
    ),
    "a map of texts": ('{\n web-1 = "X"\n "web-2" = "OLD"\n }', "each.value"),
    "brackets": (
        '{\n web-1 = { t = "X" }\n web-2 = { t = "OLD" }\n }',
        'each.value["t"]',
    ),
    "a local by the key": ("local.names", "local.sizes[each.key].t"),
    "a local map": ("local.map", "each.value.t"),
    "a local by the key in a set": (
        'toset(["web-1", "web-2"])',
        "local.sizes[each.key].t",
    ),
}
LOCALS = (
    "locals {\n"
    '  names = toset(["web-1", "web-2"])\n'
    '  sizes = { web-1 = { t = "X" }\n web-2 = { t = "OLD" } }\n'
    '  map   = { web-1 = { t = "X" }\n web-2 = { t = "OLD" } }\n'
    "}\n"
)


@pytest.mark.parametrize(("source", "value"), EACH_WAYS.values(), ids=EACH_WAYS.keys())
def test_only_the_named_instance_of_a_for_each_is_changed(edit, source, value):
    files = {"main.tf": EACH % (source, value), "locals.tf": LOCALS}

    found = edit(files, SECOND, "instance_type", "NEW")

    assert changed(found)[2].replace("OLD", "NEW") == changed(found)[3]
    assert found.consumers == ()


MODULE = {
    "prod/main.tf": (
        'module "app" {\n'
        '  source   = "../modules/app"\n'
        "  for_each = local.apps\n"
        "  size     = each.value\n"
        "}\n"
        'locals {\n apps = {\n eu = "OLD"\n us = "X"\n }\n}\n'
    ),
    "modules/app/main.tf": (
        'variable "size" {}\nvariable "disk" {\n  default = 20\n}\n'
        'resource "aws_instance" "web" {\n'
        "  instance_type = var.size\n"
        "  root_block_device {\n    volume_size = var.disk\n  }\n"
        "}\n"
    ),
}
APP = 'module.app["eu"].aws_instance.web'


def test_a_module_argument_is_followed_to_the_caller(edit):
    found = edit(MODULE, APP, "instance_type", "NEW", root="prod/")

    assert changed(found) == ("prod/main.tf", 8, 'eu = "OLD"', 'eu = "NEW"')
    assert [step.source for step in found.via] == [
        "var.size",
        "each.value",
        "local.apps",
        '"OLD"',
    ]


def test_an_argument_that_is_not_passed_is_the_modules_default(edit):
    found = edit(MODULE, APP, "root_block_device.volume_size", 30, root="./prod")

    assert changed(found)[0::3] == ("modules/app/main.tf", "default = 30")
    assert [each.what for each in found.consumers] == ['module.app["us"]']


def test_a_listed_variable_file_has_the_last_word(edit):
    files = {
        "main.tf": WEB % "var.size",
        "v.tf": 'variable "size" {}\n',
        "x.auto.tfvars": 'size = "X"\n',
        "vars/prod.tfvars": 'size = "OLD"\n',
        "vars/stage.tfvars": 'size = "Y"\n',
    }
    listed = ["vars/prod.tfvars", "vars/none.tfvars"]

    found = edit(files, "aws_instance.web", "instance_type", "NEW", var_files=listed)

    assert found.file == "vars/prod.tfvars"


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("null", "m5.large", '"m5.large"'),
        ("-1", 5, "5"),
        ("- 1.5", -3, "-3"),
        ("true", False, "false"),
        ('""', "x", '"x"'),
        ('"\\u0041"', "B", '"B"'),
        ('"a$${b}"', "${c}", '"$${c}"'),
        ("20", 1.5, "1.5"),
    ],
)
def test_every_kind_of_plain_value_is_changed(edit, old, new, written):
    found = edit(WEB % old, "aws_instance.web", "instance_type", new)

    assert found.after == (WEB % written).encode()


def test_a_listed_variable_file_in_json_has_the_last_word(edit):
    files = {
        "main.tf": WEB % "var.size",
        "v.tf": 'variable "size" {}\n',
        "x.auto.tfvars": 'size = "X"\n',
        "vars/prod.tfvars.json": '{"size": "OLD"}\n',
    }
    listed = ["vars/prod.tfvars.json"]

    found = edit(files, "aws_instance.web", "instance_type", "NEW", var_files=listed)

    assert (found.file, found.after) == (listed[0], b'{"size": "NEW"}\n')


def test_the_keys_of_a_for_each_are_read_out_of_json_and_others_named(edit):
    files = {
        "main.tf": EACH % ("var.servers", "each.value.t")
        + 'output "t" {\n  value = var.servers["web-2"].t\n}\n',
        "v.tf": 'variable "servers" {}\n',
        "terraform.tfvars.json": (
            '{"servers": {"web-1": {"t": "X"},\n "web-2": {"t": "OLD"}}}'
        ),
    }

    found = edit(files, SECOND, "instance_type", "NEW")

    assert changed(found)[:2] == ("terraform.tfvars.json", 2)
    assert [one.what for one in found.consumers] == ["output.t"]


ODD = {
    "CRLF": b'resource "a" "b" {\r\n  c = "OLD" # d\r\n  e = 1     # f\r\n}\r\n',
    "BOM": b'\xef\xbb\xbfresource "a" "b" {\n  c = "OLD"\n}\n',
    "unicode around": 'resource "a" "b" {\n  # é漢🎉\n  c = "OLD" # 漢\n}\n'.encode(),
    "no final newline": b'resource "a" "b" {\n  c = "OLD"\n}',
    "one line": b'resource "a" "b" { c = "OLD" }',
    "labels without quotes": b'resource a b {\n  c = "OLD"\n}\n',
    "tabs": b'resource "a" "b" {\n\tc\t=\t"OLD"\t# d\n}\n',
    "no spaces": b'resource "a" "b" {\nc="OLD"#d\n}\n',
    "heredoc before": (
        b'resource "a" "b" {\n  d = <<-E\n    c = "OLD" # x\n  E\n  c = "OLD"\n}\n'
    ),
    "comment that looks like code": (
        b'# c = "OLD"\nresource "a" "b" {\n  /* c = 1 */ c = "OLD" // c = "OLD"\n}\n'
    ),
    "nothing else": b'resource "a" "b" {c="OLD"}',
    "form feed": b'resource "a" "b" {\n  # \x0c\n  c = "OLD"\n}\n',
    "template label elsewhere": b'x "${y}" {}\nresource "a" "b" {\n  c = "OLD"\n}\n',
}


@pytest.mark.parametrize("source", ODD.values(), ids=ODD.keys())
def test_every_other_byte_stays(edit, source):
    found = edit(source, "a.b", "c", "NEW")

    at = source.rindex(b'"OLD"') if b"// c" not in source else source.index(b'"OLD" //')
    assert found.after == source[:at] + b'"NEW"' + source[at + 5 :]


@pytest.mark.parametrize("source", ODD.values(), ids=ODD.keys())
def test_the_diff_is_a_patch_that_git_applies(edit, source, tmp_path):
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    found = edit(source, "a.b", "c", "A new\nvalue ${x}")
    (tmp_path / "main.tf").write_bytes(found.before)

    patch = found.unified_diff().encode()
    command = [git, "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=tmp_path, input=patch, check=True)

    assert (tmp_path / "main.tf").read_bytes() == found.after


COMMENTS = """\
resource "a" "b" {
  c     = "OLD" # one
  other = 1     # two
  more  = 22    // three

  apart = 1 # four
}
"""


def test_comments_in_their_column_follow_the_value(edit):
    longer = edit(COMMENTS, "a.b", "c", "MUCH-LONGER").after.decode()
    shorter = edit(COMMENTS, "a.b", "c", "").after.decode()

    assert longer.splitlines()[1:4] == [
        '  c     = "MUCH-LONGER" # one',
        "  other = 1             # two",
        "  more  = 22            // three",
    ]
    assert shorter.splitlines()[1:4] == [
        '  c     = "" # one',
        "  other = 1  # two",
        "  more  = 22 // three",
    ]


def test_comments_out_of_their_column_are_left_alone(edit):
    source = COMMENTS.replace("1     # two", "1   # two")

    found = edit(source, "a.b", "c", "MUCH-LONGER")

    assert found.after.decode() == source.replace("OLD", "MUCH-LONGER")


def test_what_does_not_read_back_is_our_mistake(edit):
    tree = Tree({"main.tf": (WEB % '"x"').encode()})
    block = tree.block("", "resource", "aws_instance", "web")
    at = block.attributes[0].expression

    place = follow(tree, at, scope=Scope(""))

    with pytest.raises(Broken):
        _prove(place, value="y")
