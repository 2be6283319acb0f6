"""Whether a plan does what was asked for and nothing else."""

import json

import pytest
from fluent.runtime import FluentBundle, FluentResource

from bot.domain.errors import Refused
from bot.domain.message import Message
from bot.domain.scope import Risk
from bot.domain.terraform.address import Address
from bot.domain.terraform.finding import Intended, IntendedWhole, Kind, Severity
from bot.domain.terraform.guard import guard, survey
from bot.domain.terraform.plan_reading import read_plan
from bot.domain.terraform.refusal import Reason
from tests.domain.terraform.plan_support import plan

RESIZE = Intended(
    Address.parse("aws_instance.web"), "instance_type", "t3.medium", "m5.large"
)
DATA = Intended(
    Address.parse('terraform_data.web["web-2"]'), "input.type", "t3.medium", "m5.large"
)


def entry(
    address="aws_instance.web", actions=("update",), before=None, after=None, **more
):
    """Return a resource change as Terraform writes it."""
    kind, name = address.split("[")[0].split(".")
    change = {"actions": list(actions), "before": before, "after": after}
    for key in ("after_unknown", "before_sensitive", "importing", "replace_paths"):
        if key in more:
            change[key] = more.pop(key)
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": change,
        **more,
    }


def asked(**more):
    """Return the change that was asked for."""
    return entry(
        before={"instance_type": "t3.medium"},
        after={"instance_type": "m5.large"},
        **more,
    )


def judge(*entries, intended=RESIZE, **more):
    """Return the guard's report on a plan with these changes."""
    whole = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {},
        "resource_changes": list(entries),
        **more,
    }
    return guard(read_plan(json.dumps(whole).encode()), intended)


def kinds(report):
    """Return the kinds of the findings in their order."""
    return [each.kind for each in report.findings]


def test_a_plan_that_does_just_that_is_clean():
    report = judge(asked(), entry("aws_instance.other", ["no-op"]))

    assert report.findings == ()
    assert report.clean
    assert report.risk is Risk.LOW


def test_a_real_resize_shows_its_side_effects_and_the_output(plan_json):
    report = guard(read_plan(plan_json("aws-resize")), RESIZE)

    assert kinds(report) == [Kind.OUTPUT, Kind.SIDE_EFFECT, Kind.SIDE_EFFECT]
    assert [each.attributes[0].path for each in report.findings[1:]] == [
        "public_dns",
        "public_ip",
    ]


def test_side_effects_alone_leave_a_plan_clean(plan_json):
    raw = json.loads(plan_json("aws-resize"))
    raw["output_changes"] = {}

    report = guard(read_plan(json.dumps(raw).encode()), RESIZE)

    assert kinds(report) == [Kind.SIDE_EFFECT, Kind.SIDE_EFFECT]
    assert report.clean
    assert report.risk is Risk.LOW


def test_a_real_replacement_is_dangerous_and_says_why(plan_json):
    report = guard(read_plan(plan_json("aws-replace")), RESIZE)

    assert kinds(report) == [Kind.REPLACE, Kind.OUTPUT]
    assert report.findings[0].message == Message.of(
        "guard.replace", {"address": "aws_instance.web", "attributes": "ami"}
    )
    assert report.risk is Risk.HIGH


def test_the_dangerous_comes_first_in_a_real_plan(plan_json):
    report = guard(read_plan(plan_json("data-mixed")), DATA)

    assert kinds(report) == [
        Kind.DESTROY,
        Kind.REPLACE,
        Kind.CREATE,
        Kind.UPDATE,
        Kind.MOVE,
        Kind.CHECK,
        Kind.OUTPUT,
        Kind.OUTPUT,
        Kind.SIDE_EFFECT,
    ]
    assert "hunter" not in repr(report)


def test_a_plan_without_any_change_is_a_finding(plan_json):
    report = guard(read_plan(plan_json("data-nothing")), DATA)

    assert kinds(report) == [Kind.NOT_PLANNED]
    assert not report.clean


ALONE = {
    "destroyed elsewhere": ([entry("a.b", ["delete"])], Kind.DESTROY, Risk.HIGH),
    "forgotten": ([entry("a.b", ["forget"])], Kind.FORGET, Risk.HIGH),
    "replaced": ([entry("a.b", ["create", "delete"])], Kind.REPLACE, Risk.HIGH),
    "created": ([entry("a.b", ["create"])], Kind.CREATE, Risk.MEDIUM),
    "updated": ([entry("a.b", after={"x": 1})], Kind.UPDATE, Risk.MEDIUM),
    "read": ([entry("a.b", ["read"])], Kind.READ, Risk.LOW),
    "imported": ([entry("a.b", ["no-op"], importing={})], Kind.IMPORT, Risk.MEDIUM),
    "moved": (
        [entry("a.b", ["no-op"], previous_address="a.c")],
        Kind.MOVE,
        Risk.MEDIUM,
    ),
    "a left-over of the same resource": (
        [entry(actions=["delete"], deposed="abc")],
        Kind.DESTROY,
        Risk.HIGH,
    ),
    "a sibling": (
        [entry('aws_instance.web["x"]', after={"instance_type": "m5.large"})],
        Kind.UPDATE,
        Risk.MEDIUM,
    ),
}


@pytest.mark.parametrize(("entries", "kind", "risk"), ALONE.values(), ids=ALONE.keys())
def test_whatever_else_happens_is_a_finding(entries, kind, risk):
    report = judge(asked(), *entries)

    assert kinds(report) == [kind]
    assert not report.clean
    assert report.risk is risk


BESIDE = {
    "output": {"output_changes": {"x": {"actions": ["update"], "after": 1}}},
    "drift": {"resource_drift": [entry("a.b", before={"x": 1}, after={"x": 2})]},
    "check": {"checks": [{"address": {"to_display": "check.x"}, "status": "error"}]},
    "invoke": {"action_invocations": [{"address": "action.x.y"}]},
}


@pytest.mark.parametrize(("kind", "more"), BESIDE.items())
def test_whatever_concerns_no_resource_is_a_finding(kind, more):
    assert kinds(judge(asked(), **more)) == [Kind(kind)]


def test_another_attribute_of_the_same_thing_is_a_finding():
    change = asked()
    change["change"]["before"]["ami"] = "a"
    change["change"]["after"]["ami"] = "b"

    (finding,) = judge(change).findings

    assert finding.kind is Kind.OTHER_ATTRIBUTE
    assert finding.message == Message.of(
        "guard.other-attribute",
        {
            "address": "aws_instance.web",
            "attribute": "ami",
            "before": '"a"',
            "after": '"b"',
        },
    )


def test_a_known_new_address_is_a_surprise_though_an_unknown_one_is_not():
    change = asked()
    change["change"]["before"]["public_ip"] = "1.2.3.4"
    change["change"]["after"]["public_ip"] = "6.6.6.6"

    assert kinds(judge(change)) == [Kind.OTHER_ATTRIBUTE]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"errored": True}, "plan-errored"),
        ({"complete": False}, "plan-incomplete"),
    ],
)
def test_a_plan_that_was_not_finished_is_not_surveyed(state, reason):
    whole = read_plan(plan(entry("a.b", ["delete"]), **state))

    with pytest.raises(Refused) as caught:
        survey(whole)

    assert caught.value.message.key == f"refused.terraform-{reason}"
    assert caught.value.message.args["file"] == "plan.json"


def test_of_a_plan_that_nobody_meant_what_is_dangerous_is_told():
    whole = read_plan(
        plan(
            entry("a.new", ["create"]),
            entry("a.other", after={"x": 1}),
            entry("a.gone", ["delete"]),
        )
    )

    found = survey(whole)

    assert [(one.kind, one.address) for one in found.findings] == [
        (Kind.DESTROY, "a.gone")
    ]


OTHER_VALUES = {
    "another after": ({"instance_type": "t3.medium"}, {"instance_type": "x1.huge"}, {}),
    "another before": ({"instance_type": "t2.nano"}, {"instance_type": "m5.large"}, {}),
    "nothing before": ({}, {"instance_type": "m5.large"}, {}),
    "unknown": (
        {"instance_type": "t3.medium"},
        {},
        {"after_unknown": {"instance_type": True}},
    ),
    "secret": (
        {"instance_type": "t3.medium"},
        {"instance_type": "m5.large"},
        {"before_sensitive": {"instance_type": True}},
    ),
    "a collection": (
        {"instance_type": "t3.medium"},
        {"instance_type": []},
        {},
    ),
}


@pytest.mark.parametrize(
    ("before", "after", "more"), OTHER_VALUES.values(), ids=OTHER_VALUES.keys()
)
def test_another_value_than_was_asked_for_is_a_finding(before, after, more):
    report = judge(entry(before=before, after=after, **more))

    assert kinds(report) == [Kind.OTHER_VALUE]


@pytest.mark.parametrize(
    ("before", "after", "planned"),
    [
        (20, 30, (20, 30)),
        ("20", 30, (20, 30)),
        (20, "30", (20.0, 30.0)),
        (None, True, (None, True)),
    ],
)
def test_a_value_in_a_nested_block_is_compared_as_terraform_converts(
    before, after, planned
):
    disk = Intended(RESIZE.address, "root_block_device.volume_size", before, after)
    change = entry(
        before={"root_block_device": [{"volume_size": planned[0]}]},
        after={"root_block_device": [{"volume_size": planned[1]}]},
    )

    assert judge(change, intended=disk).clean


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"errored": True}, "plan-errored"),
        ({"complete": False}, "plan-incomplete"),
        ({"deferred_changes": [{}]}, "plan-incomplete"),
    ],
)
def test_an_unfinished_plan_is_not_judged(more, reason):
    with pytest.raises(Refused) as caught:
        judge(asked(), **more)

    assert caught.value.message.key == f"refused.terraform-{reason}"


@pytest.mark.parametrize("own", list(Risk))
def test_findings_raise_a_risk_and_never_lower_it(own):
    calm, alarm = judge(asked()), judge(asked(), entry("a.b", ["delete"]))

    assert calm.raised(own) is own
    assert alarm.raised(own) is Risk.HIGH


def test_a_resource_that_is_replaced_without_a_word_is_said_to_be():
    (finding,) = judge(entry(actions=["delete", "create"])).findings

    assert finding.message.key == "guard.replace-unexplained"
    assert finding.severity is Severity.DANGER


def test_many_attributes_are_named_in_part():
    many = entry("a.b", after={f"k{index}": 1 for index in range(9)})

    (finding,) = judge(asked(), many).findings

    assert finding.message.args["attributes"] == "k0, k1, k2, k3, k4, …"
    assert len(finding.attributes) == 9


def texts(request):
    """Return the catalog's Terraform texts."""
    path = request.config.rootpath / "bot" / "messages" / "terraform.en.ftl"
    bundle = FluentBundle(["en"], use_isolating=False)
    bundle.add_resource(FluentResource(path.read_text()))
    return bundle


def said(bundle, message):
    """Return a message in words."""
    args = {
        key: said(bundle, value) if isinstance(value, Message) else value
        for key, value in message.args.items()
    }
    pattern = bundle.get_message(message.key.replace(".", "-")).value
    text, errors = bundle.format_pattern(pattern, args)
    assert not errors
    return text


@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_has_its_words(request, reason):
    args = {"file": "main.tf", "line": 12345, "what": "x"}

    text = said(texts(request), Message.of(f"refused.terraform-{reason}", args))

    assert "{" not in text
    assert "12,345" not in text


def test_every_finding_has_its_words(request, plan_json):
    bundle = texts(request)
    reports = [guard(read_plan(plan_json("data-mixed")), DATA)]
    reports += [judge(asked(), *entries) for entries, _, _ in ALONE.values()]
    reports += [judge(asked(), **more) for more in BESIDE.values()]
    reports += [
        judge(entry(before=before, after=after, **more))
        for before, after, more in OTHER_VALUES.values()
    ]
    reports += [
        judge(),
        judge(entry(actions=["delete", "create"], replace_paths=[["x"]])),
    ]
    change = asked(after_unknown={"ami": True})
    reports.append(judge(change))

    found = {
        each.kind: said(bundle, each.message) for r in reports for each in r.findings
    }

    assert set(found) == set(Kind)
    assert all(text and "{" not in text.split("(now")[0] for text in found.values())


def test_a_secret_is_named_as_one(request):
    before, after, more = OTHER_VALUES["secret"]
    (finding,) = judge(entry(before=before, after=after, **more)).findings

    text = said(texts(request), finding.message)

    assert text == (
        "Changes instance_type of aws_instance.web from (a secret, not shown) to "
        "(a secret, not shown), which is not what was asked for."
    )


RULE = "aws_security_group_rule.web_443"
SAYS = {"type": "ingress", "from_port": 443, "cidr_blocks": ["203.0.113.0/24"]}
SAID = (("type", "ingress"), ("from_port", 443), ("cidr_blocks[0]", "203.0.113.0/24"))
OPEN = IntendedWhole(Address.parse(RULE), creates=True, values=SAID)
CLOSE = IntendedWhole(Address.parse(RULE), creates=False, values=SAID)


def test_one_rule_created_as_said_is_clean():
    created = entry(RULE, ["create"], after=SAYS, after_unknown={"id": True})

    report = judge(created, entry("aws_instance.web", ["no-op"]), intended=OPEN)

    assert report.clean
    assert report.risk is Risk.LOW


def test_one_rule_destroyed_as_said_is_clean():
    report = judge(entry(RULE, ["delete"], before=SAYS), intended=CLOSE)

    assert report.clean


@pytest.mark.parametrize("intended", [OPEN, CLOSE])
def test_a_rule_that_does_not_come_or_go_is_told(intended):
    report = judge(entry(RULE, ["no-op"], before=SAYS, after=SAYS), intended=intended)

    assert kinds(report) == [Kind.NOT_PLANNED]
    assert report.risk is Risk.MEDIUM


def test_a_rule_destroyed_where_one_was_to_be_created_is_dangerous():
    report = judge(entry(RULE, ["delete"], before=SAYS), intended=OPEN)

    assert kinds(report) == [Kind.DESTROY, Kind.NOT_PLANNED]
    assert report.risk is Risk.HIGH


def test_another_rule_beside_the_one_is_told():
    created = entry(RULE, ["create"], after=SAYS)

    report = judge(
        created,
        entry("aws_security_group_rule.other", ["create"], after=SAYS),
        intended=OPEN,
    )

    assert kinds(report) == [Kind.CREATE]


@pytest.mark.parametrize(
    "other",
    [
        {"from_port": 22},
        {"cidr_blocks": ["0.0.0.0/0"]},
        {"cidr_blocks": []},
        {"type": None},
    ],
)
def test_a_rule_that_says_something_else_is_told(other):
    there = {**SAYS, **other}

    opened = judge(entry(RULE, ["create"], after=there), intended=OPEN)
    closed = judge(entry(RULE, ["delete"], before=there), intended=CLOSE)

    assert Kind.OTHER_VALUE in kinds(opened)
    assert Kind.OTHER_VALUE in kinds(closed)


def test_a_value_that_only_applying_tells_is_not_the_one_that_was_said():
    there = {**SAYS, "from_port": None}
    unknown = {"from_port": True}

    report = judge(
        entry(RULE, ["create"], after=there, after_unknown=unknown), intended=OPEN
    )

    assert kinds(report) == [Kind.OTHER_VALUE]


def test_a_rule_that_is_created_anew_is_dangerous():
    replaced = entry(
        RULE, ["delete", "create"], before={**SAYS, "from_port": 1}, after=SAYS
    )

    assert judge(replaced, intended=OPEN).risk is Risk.HIGH
