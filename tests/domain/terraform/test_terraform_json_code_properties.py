"""Code in JSON in random styles: only the value changes, and Terraform agrees."""

from __future__ import annotations

import base64
import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import Refused
from bot.domain.terraform.address import Address
from bot.domain.terraform.edit import set_attribute
from bot.domain.terraform.literal import NotWritableError
from bot.domain.terraform.template import escaped, names_in, plain_text
from tests.domain.terraform.json_support import changes_only_the_value
from tests.domain.terraform.test_terraform_json_vars import others, values
from tests.domain.terraform.test_terraform_literal import HOSTILE, texts

FILE = "main.tf.json"


def changed(source, value):
    return set_attribute(
        {FILE: source},
        root="",
        address=Address("terraform_data", "b"),
        attribute="input",
        value=value,
    )


@st.composite
def styled(draw):
    """Return the text before the value of `input`, that value, and what is after it."""
    names = st.text(max_size=6).filter(lambda name: name not in {"input", "count"})
    gap = draw(st.sampled_from(["", " ", "\n  ", "\r\n\t"]))
    ascii_only = draw(st.booleans())

    def around(name, inner, more):
        """Put the pair somewhere among others, and sometimes the object in a list."""
        before, old, after = inner
        pairs = [
            f"{gap}{json.dumps(key, ensure_ascii=ascii_only)}:{gap}"
            f"{json.dumps(each, ensure_ascii=ascii_only)}{gap}"
            for key, each in more.items()
        ]
        at = draw(st.integers(0, len(pairs)))
        lead = "".join(f"{one}," for one in pairs[:at])
        trail = "".join(f",{one}" for one in pairs[at:])
        opening, closing = draw(st.sampled_from([("{", "}"), ("[{", f"}}{gap}]")]))
        before = f'{opening}{lead}{gap}"{name}":{gap}{before}'
        return before, old, f"{after}{gap}{trail}{closing}{gap}"

    old = draw(
        st.sampled_from(['"OLD"', "-1.5e3", "true", "null", '"$${x}"', '"${1}"'])
    )
    found = around(
        "input", ("", old, ""), draw(st.dictionaries(names, others, max_size=4))
    )
    beside = st.sampled_from([{}, {"x": {"input": 1}}, {"x": [{}, {"input": "${b}"}]}])
    found = around("b", found, draw(beside))
    kinds = st.sampled_from([{}, {"x": {"b": {"input": 1}}}, {"x": [{"b": [{}]}]}])
    found = around("terraform_data", found, draw(kinds))
    tops = st.sampled_from([{}, {"//": 1}, {"locals": {"b": "${c}"}, "output": [{}]}])
    return around("resource", found, draw(tops))


@given(styled(), values)
@settings(max_examples=200, deadline=None)
def test_only_the_value_changes_and_it_reads_back(parts, value):
    changes_only_the_value(changed, parts, value, read=plain_text)


@given(texts)
@settings(deadline=None)
def test_what_is_escaped_reads_back_and_names_nothing(text):
    try:
        written = escaped(text)
    except NotWritableError:
        assert text.startswith("\ufeff")
        return

    assert plain_text(written) == text


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_leave_one_valid_line(value):
    source = b'{"resource": {"terraform_data": {"b": {\n  "input": "OLD"\n}}}}\n'

    found = changed(source, value)

    head, line, tail = found.after.split(b"\n", 2)
    assert source.startswith(head)
    assert tail == b"}}}}\n"
    assert plain_text(json.loads(line.strip().removeprefix(b'"input": '))) == value


# Every run of the signs that templates are made of, as far as runs can matter.
RUNS = [
    "".join(signs)
    for alphabet, longest in (("$%{x", 4), ("${", 7), ("%{", 7))
    for length in range(longest + 1)
    for signs in itertools.product(alphabet, repeat=length)
]


def console(terraform, folder, question):
    """Return the JSON that the real Terraform answers."""
    asked = f"base64encode(jsonencode({question}))".encode()
    answer = terraform.run("console", stdin=asked, cwd=folder)
    assert answer.returncode == 0, answer.stderr.decode()
    return json.loads(base64.b64decode(answer.stdout.decode().strip().strip('"')))


def test_every_run_of_signs_reads_back_literally_in_terraform(terraform, tmp_path):
    written = [escaped(text) for text in [*RUNS, *HOSTILE]]
    (tmp_path / FILE).write_text(json.dumps({"locals": {"all": written}}))

    assert console(terraform, tmp_path, "local.all") == [*RUNS, *HOSTILE]


def test_what_is_read_as_plain_text_terraform_reads_so(terraform, tmp_path):
    plain = [run for run in RUNS if plain_text(run) is not None]
    (tmp_path / FILE).write_text(json.dumps({"locals": {"all": plain}}))

    assert console(terraform, tmp_path, "local.all") == [plain_text(r) for r in plain]


def test_what_is_not_read_as_plain_text_is_a_template_to_terraform(terraform, tmp_path):
    begun = [f"{run}{{" for run in RUNS if plain_text(f"{run}{{") is None]
    begun = [run for run in begun if run.count("{") == 1]
    wrong = {f"x{at}": run for at, run in enumerate(begun)}
    (tmp_path / FILE).write_text(json.dumps({"locals": wrong}))

    answer = terraform.run("console", stdin=b"1\n", cwd=tmp_path)
    told = answer.stderr.decode() + answer.stdout.decode()

    assert begun
    assert told.count("Error: ") == len(begun)


@pytest.mark.parametrize("run", [run for run in RUNS if len(run) < 5])
def test_a_name_after_any_run_of_signs_is_found(run):
    text = run + "${local.size}"
    if plain_text(text) is not None:
        return

    try:
        found = [node.text for node in names_in(text, file=FILE)]
    except Refused:
        return  # whoever asks goes by the words then

    assert b"local" in found


def test_hostile_values_read_back_literally_in_a_plan_of_terraform(terraform, tmp_path):
    names = [f"x{number}" for number in range(len(HOSTILE))]
    locals_ = {f"l{name}": "OLD" for name in names}
    resources = {
        f"{name}{way}": {"input": text}
        for name in names
        for way, text in (
            ("a", "OLD"),
            ("b", f"${{var.{name}}}"),
            ("c", f"${{local.l{name}}}"),
        )
    }
    files = {
        FILE: json.dumps({"resource": {"terraform_data": resources}}).encode(),
        "l.tf.json": json.dumps({"//": "x", "locals": [locals_]}, indent=2).encode(),
        "v.tf.json": json.dumps(
            {"variable": {name: {"default": "OLD"} for name in names}}
        ).encode(),
        "o.tf": b'output "one" {\n  value = terraform_data.x0a.input\n}\n',
    }

    for (name, value), way in itertools.product(
        zip(names, HOSTILE, strict=True), "abc"
    ):
        found = set_attribute(
            files,
            root="",
            address=Address("terraform_data", name + way),
            attribute="input",
            value=value,
        )
        files[found.file] = found.after

    for path, content in files.items():
        (tmp_path / path).write_bytes(content)
    for words in (["init"], ["plan", "-out=plan", "-input=false"]):
        done = terraform.run(*words, "-no-color", cwd=tmp_path)
        assert done.returncode == 0, done.stderr.decode()
    shown = terraform.run("show", "-json", "plan", cwd=tmp_path)
    planned = json.loads(shown.stdout)["planned_values"]["root_module"]["resources"]
    read = {one["name"]: one["values"]["input"] for one in planned}
    assert read == {
        name + way: value
        for name, value in zip(names, HOSTILE, strict=True)
        for way in "abc"
    }
