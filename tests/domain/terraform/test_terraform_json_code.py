"""Code in JSON: what is changed there, on all ways, and who else is named."""

import json

import pytest

from bot.domain.terraform.address import Address
from bot.domain.terraform.edit import set_attribute

WEB = '{"resource": {"aws_instance": {"web": {\n  "instance_type": %s\n}}}}\n'
HCL = 'resource "aws_instance" "web" {\n  instance_type = %s\n}\n'
ONE = ("aws_instance.web", "instance_type", "NEW")


def changed(edit):
    """Return (file, line) of an edit that does no more than OLD to NEW, once."""
    assert edit.before.count(b'"OLD"') == 1
    assert edit.after == edit.before.replace(b'"OLD"', b'"NEW"')
    return edit.file, edit.line


WAYS = {
    "a text": ({"main.tf.json": WEB % '"OLD"'}, ("main.tf.json", 2)),
    "a local in JSON": (
        {
            "main.tf.json": WEB % '"${local.size}"',
            "l.tf.json": '{"locals": [{"//": "why", "a": 1},\n {"size": "OLD"}]}',
        },
        ("l.tf.json", 2),
    ),
    "a local in HCL": (
        {
            "main.tf.json": WEB % '"${ local.size }"',
            "l.tf": 'locals {\n  size = "OLD"\n}\n',
        },
        ("l.tf", 2),
    ),
    "a local in JSON that HCL reads": (
        {"main.tf": HCL % "local.size", "l.tf.json": '{"locals": {"size": "OLD"}}'},
        ("l.tf.json", 1),
    ),
    "a key of a local": (
        {
            "main.tf.json": WEB % r'"${local.s[\"web\"].t[1]}"',
            "l.tf.json": '{"locals": {"s": {"web": {"t": [1,\n "OLD"]}}}}',
        },
        ("l.tf.json", 2),
    ),
    "a variable's default in JSON": (
        {
            "main.tf.json": WEB % '"${var.size}"',
            "v.tf.json": '{"variable": {"size": {"type": "any",\n"default": "OLD"}}}',
        },
        ("v.tf.json", 2),
    ),
    "a variable's default in HCL": (
        {
            "main.tf.json": WEB % '"${var.size}"',
            "v.tf": 'variable "size" {\n  default = "OLD"\n}\n',
        },
        ("v.tf", 2),
    ),
    "a variable of JSON that tfvars set": (
        {
            "main.tf.json": WEB % '"${var.size}"',
            "v.tf.json": '{"variable": {"size": {"default": "x"}}}',
            "a.auto.tfvars": 'size = "OLD"\n',
        },
        ("a.auto.tfvars", 1),
    ),
    "a variable of JSON that tfvars.json set": (
        {
            "main.tf.json": WEB % '"${var.sizes.web}"',
            "v.tf.json": '{"variable": [{"sizes": [{"sensitive": false}]}]}',
            "terraform.tfvars.json": '{"sizes": {\n"web": "OLD"}}',
        },
        ("terraform.tfvars.json", 2),
    ),
    "one of a for_each": (
        {
            "main.tf.json": (
                '{"resource": {"aws_instance": {"web": {\n'
                '"for_each": {"a": {"t": "x"},\n"b": {"t": "OLD"}},\n'
                '"instance_type": "${each.value.t}"}}}}'
            ),
            "address": 'aws_instance.web["b"]',
        },
        ("main.tf.json", 3),
    ),
    "one by the key of a set": (
        {
            "main.tf.json": (
                '{"resource": {"aws_instance": {"web": {\n'
                r'"for_each": "${toset([\"a\", \"b\"])}",'
                '"instance_type": "${local.sizes[each.key]}"}}}}'
            ),
            "l.tf.json": '{"locals": {"sizes": {"a": "x", "b": "OLD"}}}',
            "address": 'aws_instance.web["b"]',
        },
        ("l.tf.json", 1),
    ),
    "an argument of a module in JSON": (
        {
            "main.tf.json": (
                '{"module": {"app": {"source": "./m", "size": "${local.size}"}},\n'
                '"locals": {"size": "OLD"}}'
            ),
            "m/main.tf.json": WEB % '"${var.size}"',
            "m/v.tf": 'variable "size" {}\n',
            "address": "module.app.aws_instance.web",
        },
        ("main.tf.json", 2),
    ),
    "an argument of a module in HCL": (
        {
            "main.tf": 'module "app" {\n  source = "./m"\n  size   = "OLD"\n}\n',
            "m/main.tf.json": WEB % '"${var.size}"',
            "m/v.tf.json": '{"variable": {"size": {}}}',
            "address": "module.app.aws_instance.web",
        },
        ("main.tf", 3),
    ),
}


@pytest.mark.parametrize(("files", "where"), WAYS.values(), ids=WAYS.keys())
def test_the_value_is_changed_where_it_is_decided(edit, files, where):
    files = dict(files)
    address = files.pop("address", ONE[0])

    found = edit(files, address, "instance_type", "NEW")

    assert changed(found) == where
    assert found.old_value == "OLD"


FORMS = {
    "objects": '{"resource": {"a": {"b": {"c": "OLD"}}}}',
    "lists at each level": (
        '[{"resource": [{"x": {"b": {"c": 1}}, "a": [{"z": {"c": 2}},'
        ' {"b": [{"c": "OLD"}]}]}]}, {"output": {}}]'
    ),
    "a body in two": '{"resource": {"a": {"b": [[{"d": 1}, {"c": "OLD"}]]}}}',
    "comments": (
        '{"//": "x", "//": {}, "resource": {"a": {"b": '
        '{"//": "${c}", "c": "OLD", "//": [1]}}}}'
    ),
    "no room": '{"resource":{"a":{"b":{"c":"OLD"}}}}',
    "CRLF and tabs": '{\r\n\t"resource": {"a": {"b": {\r\n"c":\t"OLD"\r\n}}}}\r\n',
    "unicode and escapes": (
        r'{"\u0072esource": {"\u0061": {"b": {"é漢": "\ud83c\udf89🎉 \/", '
        r'"c": "OLD"}}}}'
    ),
    "no blocks": (
        '{"locals": null, "terraform": [], "resource": {"a": {"x": null, "b": '
        '{"c": "OLD", "lifecycle": null, "dynamic": {"d": {"content": {}}}}}}}'
    ),
    "unknown blocks": '{"new": [{"x": 1}], "resource": {"a": {"b": {"c": "OLD"}}}}',
}


@pytest.mark.parametrize("source", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_json_is_read_and_every_other_byte_stays(edit, source):
    found = edit({"m.tf.json": source}, "a.b", "c", "NEW")

    assert changed(found)[0] == "m.tf.json"


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("null", "m5.large", '"m5.large"'),
        ("-1.5e3", 5, "5"),
        ("true", False, "false"),
        ('"20"', 30, "30"),
        ('""', 'a"b\\', '"a\\"b\\\\"'),
        ('"\\u0041"', "B", '"B"'),
        ('"$${b}"', "${c}", '"$${c}"'),
        ('"$${b}"', "%{c}", '"%%{c}"'),
        ('"${8}"', 9, "9"),
        ('"${true}"', False, "false"),
        (r'"${\"a\"}"', "b", '"b"'),
    ],
)
def test_every_kind_of_plain_value_is_changed(edit, old, new, written):
    found = edit({"m.tf.json": WEB % old}, *ONE[:2], new)

    assert found.after == (WEB % written).encode()


def test_a_default_is_no_template_so_nothing_in_it_is_escaped(edit):
    files = {
        "main.tf.json": WEB % '"${var.x}"',
        "v.tf.json": '{"variable": {"x": {"default": "$${y} ${z}"}}}',
    }

    found = edit(files, *ONE[:2], '${file("x")}')

    assert found.old_value == "$${y} ${z}"
    assert json.loads(found.after)["variable"]["x"]["default"] == '${file("x")}'


NESTED = (
    '{"resource": {"a": {"b": {"disk": [{"size": %s}], "tags": {"Name": %s},\n'
    '"only": {"deep": [{"x": %s}]}, "far": "${local.far}"}}},\n'
    '"locals": {"far": {"Name": %s}}}'
)


@pytest.mark.parametrize(
    ("path", "at"),
    [("disk.size", 0), ("tags.Name", 1), ("only.deep.x", 2), ("far.Name", 3)],
)
def test_a_path_reaches_one_value_through_blocks_and_objects(edit, path, at):
    values = ["1", "2", "3", "4"]
    values[at] = '"OLD"'

    found = edit({"m.tf.json": NESTED % tuple(values)}, "a.b", path, "NEW")

    assert changed(found)[0] == "m.tf.json"


READERS = """\
{
"resource": {"a": {
  "one": {"t": "${local.size}"},
  "two": {"x": {"t": "a \\"${local.size}\\"\\n"}, "u": "$${local.size} local.size"},
  "waits": {"t": 1, "depends_on": ["local.size"],
    "lifecycle": {"ignore_changes": ["local"], "replace_triggered_by": [
      "a.one.t"]}},
  "keyed": {"m": {"${local.size}": 1}},
  "broken": {"t": "${local.size"},
  "by": {"for_each": "${local.m}",
    "t": "${each.value.t}", "u": "${each.value.u}"}}},
"locals": {"size": "OLD",
  "m": {"k": {"t": "${local.size}", "u": 1}}},
"output": {"o": {"value":
  "${local.m.k.t}"}},
"variable": {"v": {"default": "${local.size}"}},
"module": {"app": {"source": "./m",
  "size": "${local.size}"}}
}
"""


def test_every_reader_of_a_shared_value_is_named(edit):
    files = {
        "main.tf.json": READERS,
        "o.tf": 'output "size" {\n  value = local.size\n}\n',
        "m/main.tf.json": (
            '{"variable": {"size": {"validation": {\n"condition": "${var.size != 1}"'
            '}}},\n"resource": {"a": {"inner": {"t": "${var.size}"}}}}'
        ),
    }

    found = edit(files, "a.one", "t", "NEW")

    assert [f"{each.file}:{each.line} {each.what}" for each in found.consumers] == [
        "m/main.tf.json:2 variable.size.validation.condition",
        "m/main.tf.json:3 a.inner.t",
        "main.tf.json:4 a.two.x",
        "main.tf.json:7 a.waits.lifecycle.replace_triggered_by",
        "main.tf.json:8 a.keyed.m",
        "main.tf.json:9 a.broken.t",
        'main.tf.json:11 a.by["k"].t',
        "main.tf.json:13 local.m",
        "main.tf.json:15 output.o",
        "main.tf.json:18 module.app.size",
        "o.tf:2 output.size",
    ]


def test_a_reader_among_the_lines_of_a_script_is_named(edit):
    script = "#!/bin/sh\n_\n__\necho \"${local.big_size}\" 'a \\\\'\n"
    files = {
        "main.tf.json": WEB % '"${local.big_size}"',
        "l.tf": 'locals {\n  big_size = "OLD"\n}\n',
        "s.tf.json": json.dumps({"resource": {"a": {"s": {"user_data": script}}}}),
    }

    assert [each.what for each in edit(files, *ONE).consumers] == ["a.s.user_data"]


def test_a_reader_whose_name_is_written_in_escapes_is_named(edit):
    files = {
        "main.tf": HCL % "local.size",
        "l.tf": 'locals {\n  size = "OLD"\n}\n',
        "o.tf.json": r'{"output": {"o": {"value": "${local.\u0073ize}"}}}',
    }

    assert [each.what for each in edit(files, *ONE).consumers] == ["output.o"]


def test_every_caller_in_json_is_named_when_a_module_is_changed_inside(edit):
    files = {
        "p/main.tf": 'module "app" {\n  source = "../m"\n}\n',
        "q/main.tf.json": '{"module": {"too": [{"source": "..\\/\\u006d"}]}}',
        "q/z.tf.json": '{"locals": {"module": "m"}}',
        "m/main.tf.json": WEB % '"OLD"',
    }

    found = edit(files, "module.app.aws_instance.web", "instance_type", "NEW", root="p")

    assert [f"{one.file} {one.what}" for one in found.consumers] == [
        "q/main.tf.json module.too"
    ]


def test_the_other_instances_of_a_shared_value_are_named(edit):
    source = (
        '{"resource": {"a": {"b": {"for_each": "${toset([\\"x\\", \\"y\\"])}",'
        ' "c": "OLD"}}}}'
    )

    found = edit({"m.tf.json": source}, 'a.b["x"]', "c", "NEW")

    assert [each.what for each in found.consumers] == ['a.b["y"]']


PUT = {
    "after the last": (
        '{"resource": {"a": {"b": {\n  "d": 1\n}}}}',
        '{"resource": {"a": {"b": {\n  "d": 1,\n  "c": "$${x}"\n}}}}',
    ),
    "on the one line": (
        '{"resource":{"a":{"b":[{"d":1}]}}}',
        '{"resource":{"a":{"b":[{"d":1, "c":"$${x}"}]}}}',
    ),
    "as the first": (
        '{"resource": {"a": {"b": {}}}}',
        '{"resource": {"a": {"b": {"c": "$${x}"}}}}',
    ),
}


@pytest.mark.parametrize(("source", "after"), PUT.values(), ids=PUT.keys())
def test_a_missing_argument_is_put_in_where_that_is_clean(source, after):
    found = set_attribute(
        {"m.tf.json": source.encode()},
        root="",
        address=Address("a", "b"),
        attribute="c",
        value="${x}",
        insert=True,
    )

    assert found.after.decode() == after
    assert found.old_value is None
