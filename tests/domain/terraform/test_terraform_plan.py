"""Plans that the real Terraform printed, and plans that nobody should believe."""

import pytest

from bot.domain.terraform.plan import Action
from bot.domain.terraform.plan_reading import read_plan
from tests.domain.terraform.plan_support import STORED, entry, plan


def attributes(**change):
    """Return the attribute changes of one update."""
    (found,) = read_plan(plan(entry(**change))).changes
    return [(each.path, each.before, each.after) for each in found.attributes]


def test_a_real_resize_is_read(plan_json):
    found = read_plan(plan_json("aws-resize"))

    (change,) = found.changes
    assert (found.terraform_version, found.format_version) == ("1.11.4", "1.2")
    assert (change.address, change.action) == ("aws_instance.web", Action.UPDATE)
    assert [
        (each.path, each.before, each.after, each.known) for each in change.attributes
    ] == [
        ("instance_type", '"t3.medium"', '"m5.large"', True),
        (
            "public_dns",
            '"ec2-54-214-46-111.eu-west-3.compute.amazonaws.com"',
            None,
            False,
        ),
        ("public_ip", '"54.214.46.111"', None, False),
    ]
    assert found.drift == ()
    assert (found.errored, found.complete) == (False, True)


def test_a_real_replacement_names_what_forces_it(plan_json):
    (change,) = read_plan(plan_json("aws-replace")).changes

    assert change.action is Action.REPLACE
    assert change.replace_paths == ("ami",)
    assert change.reason == "replace_because_cannot_update"


def test_the_summary_counts_as_terraform_does(plan_json):
    found = read_plan(plan_json("data-mixed"))

    assert found.summary.add == ("terraform_data.fresh",)
    assert found.summary.change == (
        "terraform_data.secret",
        'terraform_data.web["web-2"]',
    )
    assert found.summary.destroy == ("terraform_data.old",)
    assert found.summary.replace == ("terraform_data.swap",)
    assert found.failed_checks == ("check.always_wrong",)
    assert [each.moved_from for each in found.changes if each.moved_from] == [
        "terraform_data.before"
    ]


@pytest.mark.parametrize("name", STORED)
def test_a_secret_is_nowhere_in_what_is_read(plan_json, name):
    said = repr(read_plan(plan_json(name)))

    assert "hunter" not in said


def test_a_plan_made_now_is_read(terraform):
    folder = terraform.home / "plan"
    folder.mkdir()
    code = 'resource "terraform_data" "web" {\n  input = "t3.medium"\n}\n'
    (folder / "main.tf").write_text(code)
    for words in (["init"], ["plan", "-out=p", "-input=false"]):
        done = terraform.run(*words, cwd=folder)
        assert done.returncode == 0, done.stderr.decode()

    found = read_plan(terraform.run("show", "-json", "p", cwd=folder).stdout)

    assert found.summary.add == ("terraform_data.web",)
    (change,) = found.changes
    paths = {each.path: each.after for each in change.attributes if each.known}
    assert paths == {"input": '"t3.medium"'}


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (["no-op"], Action.NO_OP),
        (["create"], Action.CREATE),
        (["read"], Action.READ),
        (["update"], Action.UPDATE),
        (["delete"], Action.DELETE),
        (["forget"], Action.FORGET),
        (["delete", "create"], Action.REPLACE),
        (["create", "delete"], Action.REPLACE),
        (["create", "forget"], Action.REPLACE),
    ],
)
def test_every_action_is_known(actions, action):
    (change,) = read_plan(plan(entry(actions=actions))).changes

    assert change.action is action


def test_differences_are_told_down_to_the_single_value():
    before = {
        "same": 1,
        "a": {"b": [1, 2], "odd key": "x", "c": None},
        "list": [1],
        "text": "x",
        "gone": {"k": True},
        "number": 1.50,
    }
    after = {
        "same": 1,
        "a": {"b": [1, 3], "odd key": "y", "c": {}},
        "list": {"k": 1},
        "text": ["x"],
        "number": 2.5,
    }

    found = attributes(before=before, after=after)

    assert found == [
        ("a.b[1]", "2", "3"),
        ("a.c", None, "{}"),
        ('a["odd key"]', '"x"', '"y"'),
        ("gone.k", "true", None),
        ("list[0]", "1", None),
        ("list.k", None, "1"),
        ("number", "1.5", "2.5"),
        ("text", '"x"', None),
        ("text[0]", None, '"x"'),
    ]


def test_invisible_characters_are_shown():
    found = attributes(before={"a\u202e": ""}, after={"a\u202e": "\u200b\U000e0001\n"})

    assert found == [('["a\\u202e"]', '""', '"\\u200b\\udb40\\udc01\\n"')]


def test_what_is_known_only_later_hides_no_change():
    data = plan(
        entry(
            before={"ip": "1", "list": [1, 2]},
            after={"list": [1]},
            after_unknown={"ip": True, "list": [False, True], "fresh": True},
        )
    )

    (change,) = read_plan(data).changes

    assert [(each.path, each.before, each.known) for each in change.attributes] == [
        ("fresh", None, False),
        ("ip", '"1"', False),
        ("list[1]", "2", False),
    ]


SECRETS = {
    "marked before": {"before_sensitive": {"p": True}},
    "marked after": {"after_sensitive": {"p": True}},
    "all of it": {"before_sensitive": True, "after_sensitive": True},
    "unknown after": {
        "before_sensitive": {"p": True},
        "after_unknown": {"p": True, "copy": True},
        "after": {},
    },
}


@pytest.mark.parametrize("marks", SECRETS.values(), ids=SECRETS.keys())
def test_a_marked_value_and_its_copies_are_not_told(marks):
    change = {
        "before": {"p": {"k": 'pass"word1'}, "copy": 'x pass"word1 y', "pin": 1},
        "after": {"p": {"k": 'pass"word2'}, "copy": 'x pass"word2 y', "pin": 1},
        **marks,
    }

    (found,) = read_plan(plan(entry(**change))).changes

    assert "word1" not in repr(found) or marks is SECRETS["marked after"]
    assert any(each.sensitive for each in found.attributes)


def test_a_secret_that_stays_is_no_change_and_is_hidden_in_others():
    data = plan(
        entry(
            before={"p": "abc", "copy": "abc", "more": "an abc here"},
            after={"p": "abc", "copy": "x", "more": "an x here"},
            before_sensitive={"p": True},
            after_sensitive={"p": True},
        )
    )

    (change,) = read_plan(data).changes

    told = [(each.path, each.before, each.sensitive) for each in change.attributes]
    # A text of three letters is hidden where it is the whole value, not inside others.
    assert told == [("copy", None, True), ("more", '"an abc here"', False)]


def test_a_whole_that_holds_a_secret_is_not_told_when_it_becomes_unknown():
    data = plan(
        entry(
            before={"a": {"n": 7, "s": 1234}},
            after={},
            after_unknown={"a": True},
            before_sensitive={"a": {"s": True}},
        )
    )

    (change,) = read_plan(data).changes

    assert [(each.before, each.sensitive) for each in change.attributes] == [
        (None, True)
    ]


def test_drift_without_meaning_is_left_out():
    empty = entry(before={"tags": None, "x": []}, after={"tags": {}, "x": None})
    real = entry(before={"tags": None, "size": 1}, after={"tags": {}, "size": 2})

    nothing = read_plan(plan(resource_drift=[empty]))
    something = read_plan(plan(resource_drift=[real]))

    assert nothing.drift == ()
    assert [each.path for each in something.drift[0].attributes] == ["size"]


def test_imports_moves_and_leftovers_are_read():
    data = plan(
        entry(importing={"id": "i-1"}),
        {**entry(), "deposed": "abc123", "previous_address": "a.old"},
        {**entry(), "address": "a.b[0]", "previous_address": "a.b[0]"},
        {
            **entry(actions=["read"]),
            "address": 'module.m["x"].data.a.b["y"]',
            "module_address": 'module.m["x"]',
            "mode": "data",
        },
        action_invocations=[{"address": "action.x.y"}],
    )

    found = read_plan(data)

    assert [
        (each.imported, each.deposed, each.moved_from) for each in found.changes
    ] == [
        (True, None, None),
        (False, "abc123", "a.old"),
        (False, None, None),
        (False, None, None),
    ]
    assert found.invocations == ("action.x.y",)


def test_a_path_that_forces_replacement_is_written_as_in_code():
    data = plan(
        entry(actions=["delete", "create"], replace_paths=[["a", 0, "b"], ["c d"]])
    )

    (change,) = read_plan(data).changes

    assert change.replace_paths == ("a[0].b", '["c d"]')


@pytest.mark.parametrize(
    "more",
    [
        {"complete": False},
        {"deferred_changes": [{}]},
        {"deferred_action_invocations": [{}]},
    ],
)
def test_what_is_put_off_makes_a_plan_incomplete(more):
    assert not read_plan(plan(**more)).complete


def test_a_large_plan_is_read_whole():
    values = {f"key{index}": f"value{index}" for index in range(40)}
    entries = [
        {
            **entry(before=values, after={**values, "key1": "x"}),
            "address": f"a.b[{index}]",
        }
        for index in range(1000)
    ]
    data = plan(*entries)

    found = read_plan(data)

    assert len(found.summary.change) == 1000
