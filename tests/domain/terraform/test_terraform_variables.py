"""One variable of a variables file is read and set, or refused with the reason."""

import pytest

from bot.domain.errors import Broken, Refused
from bot.domain.terraform.variables import must_read_back, set_variable, variable

FILE = b"""\
size = "t3.medium" # what it costs
nothing = null
name = local.name
shouted = upper("x")
ports = [80, 443]
names = toset(["a"])
pools = {
  web = { least = 2, most = 4 }
  (local.key) = { least = 1 }
}
sizes = { web = { least = 2, most = [4, 8] } }
"""


def refusal(do, *path, **more):
    with pytest.raises(Refused) as caught:
        do(FILE, file="x.tfvars", path=path, **more)
    message = caught.value.message
    reason = message.key.removeprefix("refused.terraform-")
    return reason, message.args["line"], message.args["what"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("size",), "t3.medium"),
        (("nothing",), None),
        (("ports", 1), 443),
        (("sizes", "web", "least"), 2),
        (("sizes", "web", "most", 0), 4),
    ],
)
def test_the_value_at_the_path_is_read(path, value):
    assert variable(FILE, file="x.tfvars", path=path) == value


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("none",), ("no-key", 1, "none")),
        (("name",), ("reference", 3, "local.name")),
        (("shouted",), ("function", 4, 'upper("x")')),
        (("ports",), ("collection", 5, "[80, 443]")),
        (("ports", 2), ("no-key", 5, "2")),
        (("names", 0), ("each-key", 6, 'toset(["a"])')),
        (("pools", "web", "least"), ("computed-key", 9, "web")),
        (("sizes", "web"), ("collection", 11, "{ least = 2, most = [4, 8] }")),
        (("sizes", "db"), ("no-key", 11, "db")),
        (("size", "x"), ("not-collection", 1, '"t3.medium"')),
        (("sizes", "web", "least", 0), ("not-collection", 11, "2")),
    ],
)
def test_what_is_no_plain_value_is_neither_read_nor_set(path, told):
    assert refusal(variable, *path) == told
    assert refusal(set_variable, *path, value="x") == told


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (("size",), "m5.large", b'"t3.medium" #', b'"m5.large" #'),
        (("nothing",), True, b"null", b"true"),
        (("sizes", "web", "most", 1), 16, b"8]", b"16]"),
    ],
)
def test_only_the_value_changes(path, value, old, new):
    edit = set_variable(FILE, file="x.tfvars", path=path, value=value)

    assert edit.after == FILE.replace(old, new)
    assert old[:4] in FILE.splitlines()[edit.line - 1]
    assert (edit.old_value, edit.new_value) == (
        variable(FILE, file="x.tfvars", path=path),
        value,
    )
    assert [(step.file, step.line) for step in edit.via] == [("x.tfvars", edit.line)]


def test_a_value_that_is_there_already_is_told_with_its_line():
    told = ("already", 11, "2")

    assert refusal(set_variable, "sizes", "web", "least", value=2) == told
    assert refusal(set_variable, "sizes", "web", "least", value="2") == told


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("\ud800", "lone surrogate"),
        ("e\u0301", "not in Unicode NFC"),
        (float("inf"), "not a finite number"),
    ],
)
def test_a_value_that_terraform_would_not_read_back_is_refused(value, why):
    assert refusal(set_variable, "size", value=value) == ("value", 0, why)


def test_what_does_not_read_back_is_our_mistake():
    with pytest.raises(Broken, match=r"an edit of x\.tfvars does not read back"):
        must_read_back(FILE, file="x.tfvars", path=("size",), value="m5.large")
