"""One scalar of a YAML file changes, or nothing does and the reason is given."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.editing.edit import Edit
from bot.domain.editing.refusal import Reason
from bot.domain.errors import Broken, Refused
from bot.domain.yaml_text.document import parse
from bot.domain.yaml_text.edit import must_read_back, set_value
from tests.domain.editing.hostile import HOSTILE, TEMPLATES, texts, values

FILE = """---
# What the web servers are made with.
nginx_workers: 4   # one a core
nginx_version: "1.24"
log_level: 'info'
enabled: yes
Debug: Off
ratio: 0.5
empty:
tilde: ~
bare: stable
named: &port 8080
base: &base
  cpu: 2
web:
  <<: *base
  mem: 4Gi
copy: *port
alone: &alone 7
flow: {a: 1, "b c": [x, y]}
seq:
  - first
  - name: inner
    port: 80
  -
secret: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  6132
unsafe: !unsafe "{{ x }}"
strong: !!str 5
tmpl: "{{ nginx_workers * 2 }}"
folded: >
  several
  lines
when: 2026-11-24
twice: 1
twice: 2
"""
CHANGES = [
    (("nginx_workers",), 8, "nginx_workers: 8   # one a core"),
    (("nginx_version",), "1.25", 'nginx_version: "1.25"'),
    (("log_level",), "don't", "log_level: 'don''t'"),
    (("log_level",), "a\nb", 'log_level: "a\\nb"'),
    (("enabled",), False, "enabled: no"),
    (("Debug",), True, "Debug: On"),
    (("ratio",), 1e16, "ratio: 1.0e+16"),
    (("empty",), "x", 'empty: "x"'),
    (("tilde",), True, "tilde: true"),
    (("bare",), "yes", 'bare: "yes"'),
    (("alone",), 9, "alone: &alone 9"),
    (("web", "mem"), "8Gi", '  mem: "8Gi"'),
    (("flow", "a"), 2, 'flow: {a: 2, "b c": [x, y]}'),
    (("flow", "b c", 1), "z", 'flow: {a: 1, "b c": [x, "z"]}'),
    (("seq", 0), "1st", '  - "1st"'),
    (("seq", 1, "port"), 81, "    port: 81"),
    (("seq", 2), 3, "  - 3"),
]
REFUSED = [
    (("named",), 1, "shared", 12),
    (("copy",), 1, "shared", 12),
    (("base", "cpu"), 1, "shared", 13),
    (("web", "cpu"), 1, "merged", 16),
    (("secret",), "x", "tagged", 26),
    (("unsafe",), "x", "tagged", 29),
    (("strong",), "x", "tagged", 30),
    (("tmpl",), "x", "jinja", 31),
    (("folded",), "x", "style", 32),
    (("when",), "x", "type", 35),
    (("twice",), 3, "duplicate", 37),
    (("none",), 1, "no-key", 3),
    (("seq", 9), 1, "no-key", 22),
    (("seq", "x"), 1, "not-collection", 22),
    (("ratio", "x"), 1, "not-collection", 8),
    (("web",), 1, "not-scalar", 16),
    (("ratio",), "x", "type", 8),
    (("bare",), 1, "type", 11),
    (("enabled",), 1, "type", 6),
    (("nginx_workers",), 4, "already", 3),
    (("bare",), "{{ x }}", "template", 0),
    (("bare",), "\ud800", "value", 0),
    (("ratio",), float("inf"), "value", 0),
]


def refusal(source, path, value):
    with pytest.raises(Refused) as caught:
        set_value(source, file="v.yml", path=path, value=value)
    message = caught.value.message
    return message.key.removeprefix("refused.editing-"), message.args["line"]


@pytest.mark.parametrize(("path", "value", "line"), CHANGES)
def test_one_line_changes(path, value, line):
    found = set_value(FILE.encode(), file="v.yml", path=path, value=value)

    was, now = FILE.split("\n"), found.after.decode().split("\n")
    different = [new for old, new in zip(was, now, strict=True) if old != new]
    assert different == [line]
    assert was[found.line - 1] != now[found.line - 1]


@pytest.mark.parametrize(("path", "value", "reason", "line"), REFUSED)
def test_what_is_not_plainly_one_value_is_refused(path, value, reason, line):
    assert refusal(FILE.encode(), path, value) == (reason, line)


@pytest.mark.parametrize(
    ("source", "reason", "line"),
    [
        (b"a: 1\n---\na: 2\n", "documents", 3),
        (b"", "no-key", 1),
        (b"a: 1\nb: [\n", "syntax", 3),
        (b"a: 1\nb: \x00\n", "syntax", 2),
        (b"a: 1\nb: \xff\n", "encoding", 2),
        (b"a: 1\nb: *none\n", "syntax", 2),
        (b"[" * 3000, "syntax", 1),
        (b"#" * 300_000, "large", 0),
        (b"!x\na: 1\n", "tagged", 1),
        (b"? a\n: 1\n? a\n", "duplicate", 3),
        (b"{a}", "style", 1),
        (b"b: 1\na: 2026-02-30\n", "style", 2),
        (b"a: &x\n", "style", 1),
    ],
)
def test_a_file_that_cannot_be_read_for_certain_is_refused(source, reason, line):
    assert refusal(source, ("a",), 2) == (reason, line)


@pytest.mark.parametrize(
    ("after", "value"),
    [
        (b"a: 1\nb: 2\n", 3),
        (b"a: 1\nb: 2\n", "2"),
        (b"a: 2\nb: 3\n", 3),
        (b"a: 1\nb: 3\nc: 4\n", 3),
    ],
)
def test_what_does_not_read_back_is_our_mistake(after, value):
    source = b"a: 1\nb: 2\n"
    edit = Edit("v.yml", 2, source, after, old_value=2, new_value=value)

    with pytest.raises(Broken, match=r"an edit of v\.yml does not read back"):
        must_read_back(parse("v.yml", source), edit, path=("b",))


def test_line_ends_and_a_byte_order_mark_stay():
    source = "\ufeffa: 1\r\nb: 2 # é\r\n".encode()

    found = set_value(source, file="v.yml", path=("b",), value=3)

    assert found.after == source.replace(b"2", b"3")


@given(value=values, path=st.sampled_from([each[0] for each in CHANGES]))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_is_read_back_and_only_that_line_changes(value, path):
    try:
        found = set_value(FILE.encode(), file="v.yml", path=path, value=value)
    except Refused as refused:
        key = refused.message.key.removeprefix("refused.editing-")
        assert key in {"type", "already", "template", "value"}
        return

    was, now = FILE.split("\n"), found.after.decode().split("\n")
    rows = [
        row for row, pair in enumerate(zip(was, now, strict=True)) if len({*pair}) > 1
    ]
    assert rows == [found.line - 1]
    again = set_value(found.after, file="v.yml", path=path, value=_other(value))
    assert again.old_value == value
    assert type(again.old_value) is type(value)
    assert refusal(found.after, path, value)[0] == "already"


def _other(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value}x"
    return 0.0 if value else 1.0


@given(text=texts)
@settings(deadline=None)
def test_every_loader_reads_the_text_that_was_written(text):
    try:
        found = set_value(b"a: b\n", file="v.yml", path=("a",), value=text)
    except Refused as refused:
        assert refused.message.key in {  # noqa: PT017 - both ends are fine
            "refused.editing-template",
            "refused.editing-value",
            "refused.editing-already",
        }
        return

    assert yaml.safe_load(found.after) == {"a": text}
    assert found.after.count(b"\n") == 1
    assert all(char.isprintable() or char == "\n" for char in found.after.decode())


@pytest.mark.parametrize("text", TEMPLATES)
def test_a_text_that_ansible_would_run_is_refused(text):
    assert refusal(b"a: b\n", ("a",), text) == ("template", 0)


def test_every_reason_has_a_case_here_or_in_json():
    tried = {each[2] for each in REFUSED} | {"documents", "syntax", "encoding", "large"}

    assert {each.value for each in Reason} - tried == {"present", "no-file"}


# Ansible's own loader and templar, in a process of their own: they read settings.
_ANSIBLE = """
import json, sys
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
loader = DataLoader()
loaded = loader.load_from_file(sys.argv[1])
templar = Templar(loader=loader, variables=loaded)
print(json.dumps([str(templar.template(loaded[key])) for key in loaded]))
"""


@pytest.mark.real
@pytest.mark.skipif(
    find_spec("ansible") is None, reason="ansible-core is not installed"
)
def test_ansible_reads_every_text_literally(tmp_path):
    wanted, source = [], "".join(f"v{i}: x\n" for i in range(len(HOSTILE))).encode()
    for i, text in enumerate(HOSTILE):
        source = set_value(source, file="v.yml", path=(f"v{i}",), value=text).after
        wanted.append(text)
    path = tmp_path / "vars.yml"
    path.write_bytes(source)

    done = subprocess.run(
        [sys.executable, "-c", _ANSIBLE, str(path)],
        capture_output=True,
        check=False,
        env={"HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        timeout=100,
    )

    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == wanted
