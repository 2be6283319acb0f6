"""A plan as its readers know it: what destroys comes first, what is secret never."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.plan_text import plan_lines, plan_summary
from bot.domain.terraform.plan import Action, AttributeChange, Plan, ResourceChange

TYPE = AttributeChange("instance_type", '"t3.medium"', '"m5.large"')


def plan(*changes):
    return Plan(
        format_version="1.2",
        terraform_version="1.11.4",
        changes=changes,
        drift=(),
        outputs=(),
        failed_checks=(),
        invocations=(),
        errored=False,
        complete=True,
        digest="0" * 64,
    )


def change(address, action, *attributes):
    return ResourceChange(
        address=address,
        type="aws_instance",
        name="x",
        action=action,
        attributes=attributes,
    )


def test_an_update_shows_each_value_before_and_after():
    lines = plan_lines(plan(change("aws_instance.a", Action.UPDATE, TYPE)))

    assert lines == (
        "~ aws_instance.a",
        '    instance_type = "t3.medium" -> "m5.large"',
    )


def test_what_is_secret_or_not_known_yet_is_said_to_be_so():
    hidden = AttributeChange("password", None, None, sensitive=True)
    later = AttributeChange("public_ip", '"10.0.0.1"', None, known=False)

    lines = plan_lines(plan(change("a.b", Action.REPLACE, hidden, later)))

    assert lines == (
        "-/+ a.b",
        "    password = (sensitive)",
        '    public_ip = "10.0.0.1" -> (known after apply)',
    )


def test_what_is_created_or_deleted_is_one_line():
    lines = plan_lines(plan(change("a.b", Action.CREATE, TYPE)))

    assert lines == ("+ a.b",)


@given(st.lists(st.sampled_from(Action)))
def test_the_destructive_stands_before_all_else(actions):
    changes = [change(f"a.b{at}", action) for at, action in enumerate(actions)]

    lines = plan_lines(plan(*changes))

    signs = [line.split(" ")[0] for line in lines]
    order = ["-", "-/+", "x", "+", "~"]
    assert signs == sorted(signs, key=order.index)
    quiet = (Action.READ, Action.NO_OP)
    assert len(lines) == sum(action not in quiet for action in actions)


def test_the_counts_are_those_of_terraforms_closing_line():
    said = plan_summary(
        plan(
            change("a.a", Action.CREATE),
            change("a.b", Action.UPDATE),
            change("a.c", Action.UPDATE),
            change("a.d", Action.REPLACE),
            change("a.e", Action.NO_OP),
        )
    )

    assert said.key == "card.plan"
    assert said.args == {"add": 1, "change": 2, "destroy": 0, "replace": 1}
