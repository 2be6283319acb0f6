"""One value of a JSON file changes, or one key is put in; all else is kept."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import Broken, Refused
from bot.domain.json_text.document import parse
from bot.domain.json_text.edit import insert_key, proven, read_value, set_value
from tests.domain.editing.hostile import values

ROLE = b"""{
  "name": "web",   "big": 12345678901234567890123,
  "float": 1.10,
  "escaped": "\\u00e9\\/",
  "default_attributes": {
    "nginx": { "workers": 4, "user": "www" },
    "ports": [80, 443],
    "gone": null,
    "on": true
  },
  "twice": 1, "twice": 2, /* Chef allows this */
  "empty": {},
  "run_list": [ "recipe[nginx]" ]
}
"""
NGINX = ("default_attributes", "nginx")


def refusal(do, source, path, value):
    with pytest.raises(Refused) as caught:
        do(source, file="r.json", path=path, value=value)
    message = caught.value.message
    return message.key.removeprefix("refused.editing-"), message.args["line"]


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ((*NGINX, "workers"), 8, b": 4", b": 8"),
        (("name",), 'a"b\\', b'"web"', b'"a\\"b\\\\"'),
        (("big",), 1.5, b"12345678901234567890123", b"1.5"),
        (("escaped",), "\u202e\0\U0001f600", b'"\\u00e9\\/"', '"\\u202e\\u0000😀"'),
        (("default_attributes", "ports", 1), 8443, b"443", b"8443"),
        (("default_attributes", "gone"), "x", b"null", b'"x"'),
        (("default_attributes", "on"), False, b"true", b"false"),
    ],
)
def test_only_the_value_changes(path, value, old, new):
    found = set_value(ROLE, file="r.json", path=path, value=value)

    new = new.encode() if isinstance(new, str) else new
    assert found.after == ROLE.replace(old, new)
    assert found.before.split(b"\n")[found.line - 1].count(old) == 1


@pytest.mark.parametrize(
    ("path", "value", "reason", "line"),
    [
        (("twice",), 3, "duplicate", 11),
        (("none",), 3, "no-key", 1),
        (("default_attributes", "ports", 7), 3, "no-key", 7),
        (("default_attributes", "ports", -1), 3, "no-key", 7),
        (("name", "x"), 3, "not-collection", 2),
        (("default_attributes", 0), 3, "not-collection", 5),
        (NGINX, 3, "not-scalar", 6),
        (("name",), 3, "type", 2),
        (("default_attributes", "on"), 1, "type", 9),
        ((*NGINX, "workers"), 4, "already", 6),
        (("name",), "\ud800", "value", 0),
        (("float",), math.inf, "value", 0),
    ],
)
def test_what_is_not_plainly_one_value_is_refused(path, value, reason, line):
    assert refusal(set_value, ROLE, path, value) == (reason, line)


@pytest.mark.parametrize(
    ("source", "reason", "line"),
    [
        (b'{\n"a": 1,\n', "syntax", 1),
        (b'{"a": 1} {}', "syntax", 1),
        (b"", "syntax", 1),
        (b'{"a": 1}\n\xff', "encoding", 2),
        (b'{"a": 01}', "syntax", 1),
        (b'{"a": NaN}', "syntax", 1),
        (b'{"a": -Infinity}', "syntax", 1),
        (b'{\n"a": ' + b"1" * 5000 + b"}", "syntax", 2),
        (b'{\n"a": "\x01"}', "syntax", 2),
        (b" " * (2 * 1024 * 1024 + 1), "large", 0),
    ],
)
def test_a_file_that_cannot_be_read_for_certain_is_refused(source, reason, line):
    assert refusal(set_value, source, ("a",), 2) == (reason, line)


@pytest.mark.parametrize("path", [(), ("default_attributes", "ports"), NGINX])
def test_a_collection_is_not_read_as_one_value(path):
    with pytest.raises(Refused) as caught:
        read_value(ROLE, file="r.json", path=path)

    assert caught.value.message.key == "refused.editing-not-scalar"


def test_one_value_is_read_where_the_path_leads():
    assert read_value(ROLE, file="r.json", path=(*NGINX, "user")) == "www"
    assert read_value(ROLE, file="r.json", path=("default_attributes", "gone")) is None


@pytest.mark.parametrize("value", ["data", 1, True])
def test_what_does_not_read_back_is_our_mistake(value):
    document = parse("r.json", ROLE)

    with pytest.raises(Broken, match=r"an edit of r\.json does not read back"):
        proven(document, ROLE, path=("float",), old=1.1, value=value)


@pytest.mark.parametrize(
    ("path", "old", "new", "line"),
    [
        ((*NGINX, "k"), b'"www" }', b'"www", "k": "v" }', 6),
        (("default_attributes", "k"), b"true\n", b'true,\n    "k": "v"\n', 10),
        (("empty", "k"), b"{}", b'{"k": "v"}', 12),
        (("k",), b"] \n}", b'],\n  "k": "v"\n}', 14),
    ],
)
def test_a_new_key_is_laid_out_like_its_neighbours(path, old, new, line):
    source = ROLE.replace(b"]\n}", b"] \n}") if path == ("k",) else ROLE
    if path == ("k",):
        new = new.replace(b'v"\n', b'v" \n')

    found = insert_key(source, file="r.json", path=path, value="v")

    assert found.after == source.replace(old, new)
    assert (found.line, found.old_value) == (line, None)


def test_a_key_that_is_there_is_not_put_in():
    assert refusal(insert_key, ROLE, ("name",), "x") == ("present", 2)
    assert refusal(insert_key, ROLE, ("run_list", "x"), "x")[0] == "not-collection"


tree = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.dictionaries(st.text(max_size=4), inner, max_size=3)
        | st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    whole=st.dictionaries(st.text(max_size=4), tree, max_size=4),
    name=st.text(max_size=4),
    value=values,
    indent=st.sampled_from([None, 2, "\t"]),
)
@settings(deadline=None)
def test_a_change_is_what_any_reader_would_have_made(whole, name, value, indent):
    whole = {**whole, name: None}
    source = json.dumps(whole, indent=indent).encode()

    try:
        found = set_value(source, file="r.json", path=(name,), value=value)
    except Refused as refused:
        assert refused.message.key == "refused.editing-value"  # noqa: PT017 - both ends are fine
        return

    assert json.loads(found.after) == {**whole, name: value}
    at = next(i for i in range(len(source)) if source[i] != found.after[i])
    tail = len(source) - source.index(b"null", at - 1) - 4
    assert found.after.endswith(source[len(source) - tail :])


@given(
    whole=st.dictionaries(st.text(max_size=4), tree, max_size=4),
    value=values,
    indent=st.sampled_from([None, 2]),
)
@settings(deadline=None)
def test_a_new_key_is_what_any_reader_would_have_added(whole, value, indent):
    source = json.dumps(whole, indent=indent).encode()

    try:
        found = insert_key(source, file="r.json", path=("a-new-key",), value=value)
    except Refused as refused:
        assert refused.message.key == "refused.editing-value"  # noqa: PT017 - both ends are fine
        return

    assert json.loads(found.after) == {**whole, "a-new-key": value}
