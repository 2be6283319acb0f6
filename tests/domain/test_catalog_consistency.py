"""What has to fit together across the files of a catalog."""

import pytest

from bot.domain.catalog import (
    Client,
    Provider,
    RouteRule,
    inconsistencies,
    unknown_commands,
)

TEAM = "T0CLARANET"


def member(name, *roles, **more):
    slack = [{"team": TEAM, "user": f"U0{name.upper()}"}]
    return {"id": name, "name": name, "slack": slack, "roles": roles, **more}


def channel(name):
    return {"team": TEAM, "id": name, "name": "a-channel"}


def provider(**more):
    whole = {
        "id": "claranet",
        "name": "Claranet",
        "slack_teams": [TEAM],
        "escalation_channel": channel("C0ONCALL"),
        "members": [member("bob", "engineer", gitlab="bob")],
        "on_call": [{"members": ["bob"]}],
        **more,
    }
    return Provider.model_validate(whole)


def instance(name, **more):
    return {
        "kind": "instance",
        "name": name,
        "environment": "production",
        "description": "a machine",
        "aws": {"name_tag": name},
        **more,
    }


def client(name, **more):
    targets = more.pop("targets", [])
    jobs = {"production": "job"}
    whole = {
        "id": name,
        "name": name,
        "channels": [channel(f"C0{name.upper()}")],
        "members": [],
        "gitlab": {"project": f"{name}/infra", "plan_jobs": jobs, "apply_jobs": jobs},
        "aws": {
            "account": "123456789012",
            "region": "eu-west-3",
            "role_arn": f"arn:aws:iam::123456789012:role/{name}",
        },
        **more,
        "targets": [{**target, "client": name} for target in targets],
    }
    return Client.model_validate(whole)


def rule(*needs, **more):
    return RouteRule.model_validate({"needs": needs or [ONCALL], **more})


ONCALL = {"role": "provider.oncall"}
OWNER = {"role": "client.owner"}


def found(*clients, rota=None, routes=(), **more):
    """Return what is wrong, as (key, file, dotted steps)."""
    whole = provider(**more) if rota is None else provider(on_call=rota, **more)
    problems = inconsistencies(whole, clients or (client("acme"),), routes)
    return [
        (
            one.message.key.removeprefix("catalog."),
            one.file,
            ".".join(map(str, one.steps)),
        )
        for one in problems
    ]


ACME = "clients/acme/client.yaml"
GLOBEX = "clients/globex/client.yaml"
STOCK = "clients/acme/inventory.yaml"


def test_a_sound_catalog_has_nothing_wrong():
    targets = [instance("web-1"), instance("web-2", aws={"instance_id": "i-01234567"})]

    problems = found(client("acme", targets=targets), routes=[rule()])

    assert problems == []


def test_the_provider_is_no_client():
    assert found(client("claranet")) == [("provider-is-client", "provider.yaml", "id")]


def test_a_person_is_written_down_once():
    twin = member("bob", "owner", gitlab="BOB")

    problems = found(client("acme", members=[twin]))

    assert problems == [
        ("repeated-member", ACME, "members.0.id"),
        ("repeated-slack", ACME, "members.0.slack.0"),
        ("repeated-gitlab", ACME, "members.0.gitlab"),
    ]


def test_people_and_channels_come_from_known_workspaces():
    eve = {**member("eve", "owner"), "slack": [{"team": "T0EVIL", "user": "U0EVE"}]}
    room = {**channel("C0EVIL"), "team": "T0EVIL"}

    problems = found(client("acme", members=[eve], channels=[room]))

    assert problems == [
        ("unknown-team", ACME, "members.0.slack.0.team"),
        ("unknown-team", ACME, "channels.0.team"),
    ]


def test_a_channel_belongs_to_one_company():
    problems = found(
        client("acme", channels=[channel("C0ONCALL"), channel("C0X")]),
        client("globex", channels=[channel("C0X")]),
    )

    assert problems == [
        ("repeated-channel", ACME, "channels.0"),
        ("repeated-channel", GLOBEX, "channels.0"),
    ]


LATER = "2030-01-01T00:00:00Z"
DAILY = {"timezone": "UTC", "every": "day", "since": "2026-11-02", "at": "09:00"}


def event(title, member="bob"):
    return {"event": title, "member": member}


@pytest.mark.parametrize(
    ("rota", "expected"),
    [
        ([{"members": ["bbo"]}], [("unknown-member", "on_call.0.members.0")]),
        ([{"members": ["zzz"]}], [("unknown-member", "on_call.0.members.0")]),
        ([{"members": ["bob", "bob"]}], [("twice-on-shift", "on_call.0.members.1")]),
        (
            [
                {
                    "members": ["bob"],
                    "from": "2026-12-24T18:00:00+01:00",
                    "until": "2026-12-24T17:00:00Z",
                }
            ],
            [("shift-ends-first", "on_call.0.until")],
        ),
        (
            [
                {"members": ["bob"], "until": "2026-12-24T17:00:00Z"},
                {"members": ["bob"]},
                {"members": ["bob"]},
            ],
            [("shift-hidden", "on_call.2")],
        ),
        (
            [{"members": ["bob"], "rotates": {**DAILY, "called": 2}}],
            [("more-than-there-are", "on_call.0.rotates.called")],
        ),
        ([{"members": ["bob"], "rotates": DAILY}], []),
        (
            [{"feed": {"name": "pager", "events": [event("One"), event("One")]}}],
            [("event-twice", "on_call.0.feed.events.1.event")],
        ),
        (
            [{"feed": {"name": "pager", "events": [event("One"), event("Two")]}}],
            [],
        ),
        (
            [{"feed": {"name": "pager", "events": [event("One", "bbo")]}}],
            [("unknown-member", "on_call.0.feed.events.0.member")],
        ),
        (
            [{"group": {"team": "T0EVIL", "id": "S0ONCALL"}}],
            [("unknown-team", "on_call.0.group.team")],
        ),
        ([{"group": {"team": TEAM, "id": "S0ONCALL"}}], []),
        ([], []),
    ],
)
def test_a_rota_makes_sense(rota, expected):
    problems = found(rota=rota)

    assert problems == [(key, "provider.yaml", steps) for key, steps in expected]


def test_what_a_rota_has_wrong_is_told_with_what_there_is():
    group = {"group": {"team": "T0EVIL", "id": "S0ONCALL"}}
    crowd = {"members": ["bob"], "rotates": {**DAILY, "called": 3}, "until": LATER}
    whole = provider(on_call=[crowd, group])

    few, strange = inconsistencies(whole, [client("acme")], [])

    assert few.message.args == {"got": 3, "limit": 1}
    assert strange.message.args == {"got": "T0EVIL", "known": TEAM}


def test_a_rota_without_any_members_names_nobody():
    problems = found(members=[])

    assert problems == [("unknown-member", "provider.yaml", "on_call.0.members.0")]


def test_what_separates_clients_is_never_shared():
    acme = client("acme")
    same = {
        "gitlab": acme.gitlab.model_dump() | {"project": "Acme/Infra"},
        "aws": acme.aws.model_dump(),
    }

    problems = found(acme, client("globex", **same))

    assert problems == [
        ("repeated-project", GLOBEX, "gitlab.project"),
        ("repeated-role", GLOBEX, "aws.role_arn"),
    ]


def test_the_role_is_of_the_clients_own_account():
    aws = client("acme").aws.model_dump() | {"account": "999999999999"}

    problems = found(client("acme", aws=aws))

    assert problems == [("role-of-other-account", ACME, "aws.role_arn")]


def test_a_target_is_written_down_once():
    place = {"directory": "x", "address": "aws_instance.a"}
    database = {
        **instance("db"),
        "kind": "database",
        "aws": {"db_identifier": "db"},
    }

    problems = found(
        client(
            "acme",
            targets=[
                instance("a", terraform=place),
                instance("a", terraform=place),
                database,
            ],
        ),
        client("globex", targets=[{**database, "name": "mine"}, instance("b")]),
    )

    assert problems == [
        ("repeated-target", STOCK, "targets.1.name"),
        ("repeated-resource", STOCK, "targets.1.aws.name_tag"),
        ("repeated-address", STOCK, "targets.1.terraform.address"),
        (
            "repeated-resource",
            "clients/globex/inventory.yaml",
            "targets.0.aws.db_identifier",
        ),
    ]


def test_a_database_server_is_one_client_s_whatever_it_is_called():
    server = {
        "name": "pg",
        "kind": "server",
        "environment": "staging",
        "description": "databases",
        "engine": "postgresql",
        "address": "db.example",
        "port": 5432,
    }
    elsewhere = {**server, "name": "other", "port": 5433}

    problems = found(
        client("acme", targets=[server, elsewhere]),
        client("globex", targets=[{**server, "name": "mine"}]),
    )

    assert problems == [
        ("repeated-resource", "clients/globex/inventory.yaml", "targets.0.address")
    ]


def test_what_is_in_terraform_can_be_planned_and_applied():
    place = {"directory": "x", "address": "aws_instance.a"}
    staging = instance("a", terraform=place, environment="staging")

    problems = found(client("acme", targets=[staging]))

    assert problems == [("no-job", STOCK, "targets.0.terraform")] * 2


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([rule(), rule(match={"risk": "high"})], [("rule-hidden", "routes.1")]),
        (
            [rule(), rule(), rule()],
            [("rule-hidden", "routes.1"), ("rule-hidden", "routes.2")],
        ),
        (
            [
                rule(match={"command": "a1"}),
                rule(match={"command": "a1", "risk": "low"}),
            ],
            [("rule-hidden", "routes.1")],
        ),
        (
            [
                rule(match={"environment": "staging"}),
                rule(match={"environment": "production"}),
                rule(match={"command": "a1"}),
            ],
            [],
        ),
        ([rule(match={"risk": "high"}), rule()], []),
        ([rule(ONCALL, ONCALL)], [("role-twice", "routes.0.needs.1.role")]),
        (
            [rule(match={"risk": "high"}), rule(ONCALL, OWNER)],
            [("lowered-by-risk", "routes.0.needs")],
        ),
        ([rule(ONCALL, OWNER, match={"risk": "high"}), rule()], []),
        (
            [rule(OWNER, match={"risk": "low"}), rule(ONCALL, match={"risk": "high"})],
            [],
        ),
        (
            [rule(match={"costs_up_to": 50}), rule(match={"costs_up_to": 20})],
            [("rule-hidden", "routes.1")],
        ),
        ([rule(match={"costs_up_to": 20}), rule(match={"costs_up_to": 50})], []),
        ([rule(match={"costs_up_to": 20}), rule()], []),
        (
            [rule(match={"after_success": 3}), rule(match={"after_success": 5})],
            [("rule-hidden", "routes.1")],
        ),
        ([rule(match={"after_success": 5}), rule(match={"after_success": 3})], []),
        ([rule(match={"after_success": 3}), rule()], []),
        (
            [rule(ONCALL, OWNER, match={"costs_up_to": 50}), rule()],
            [("lowered-by-cost", "routes.1.needs")],
        ),
        ([rule(match={"costs_up_to": 50}), rule(ONCALL, OWNER)], []),
        (
            [rule(ONCALL, OWNER, match={"after_success": 3}), rule()],
            [("lowered-by-history", "routes.1.needs")],
        ),
        ([rule(match={"after_success": 3}), rule(ONCALL, OWNER)], []),
        (
            [
                rule(ONCALL, OWNER, match={"costs_up_to": 9, "risk": "low"}),
                rule(match={"environment": "production", "risk": "low"}),
                rule(ONCALL, OWNER),
            ],
            [("lowered-by-cost", "routes.1.needs")],
        ),
        ([rule(expires="30m")], [("reminder-too-early-for", "routes.0")]),
        ([rule(expires="30m", remind_before="10m")], []),
        ([rule(remind_before="4h")], [("reminder-too-early-for", "routes.0")]),
    ],
)
def test_rules_make_sense(routes, expected):
    problems = found(routes=routes)

    assert problems == [(key, "routes.yaml", steps) for key, steps in expected]


def test_a_client_reminds_before_the_end():
    requests = {"expires": "1h", "remind_before": "1h"}

    problems = found(client("acme", requests=requests), routes=[rule()])

    assert problems == [("reminder-too-early", ACME, "requests.remind_before")]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"needs": [{"role": "provider.manager"}]}, 1),
        ({"needs": [{"role": "client.owner"}]}, 1),
        ({"needs": [], "envelope": {"name": "small", "per_day": 1}}, 1),
        ({"needs": [{"role": "client.owner"}, {"role": "provider.oncall"}]}, 0),
    ],
)
def test_a_move_of_trust_is_agreed_by_both_companies(more, expected):
    routes = [rule(match={"command": "trust"}, **more)]

    wrong = [("trust-one-sided", "routes.yaml", "routes.0.needs")]
    assert found(routes=routes) == wrong * expected
    assert unknown_commands([RouteRule.model_validate(routes[0])], ["resize"]) == ()


def test_no_target_is_called_as_what_moves_of_trust_are_about():
    targets = [instance("trust.staging"), instance("trust.else")]

    problems = found(client("acme", targets=targets), routes=[rule()])

    assert problems == [
        ("reserved-target", "clients/acme/inventory.yaml", "targets.0.name")
    ]


def test_rules_name_commands_that_exist():
    routes = [rule(match={"command": "resise"}), rule(match={"command": "zz"}), rule()]

    near, far = unknown_commands(routes, ["resize", "backup"])

    assert near.steps == ("routes", 0, "match", "command")
    assert near.message.args == {"got": "resise", "known": "resize"}
    assert far.message.args == {"got": "zz", "known": "backup, resize"}
    assert unknown_commands(routes, ["resise", "zz"]) == ()


def group(name, **aws):
    return {
        "kind": "security_group",
        "name": name,
        "environment": "production",
        "description": "a group",
        "aws": aws,
    }


def disk(name, block=None, instance=None, **aws):
    place = {"directory": "p", "address": "aws_instance.web"}
    return {
        "kind": "volume",
        "name": name,
        "environment": "production",
        "description": "a disk",
        "terraform": place,
        "block": block,
        "instance": instance,
        "aws": aws,
    }


def keys(*targets):
    found = inconsistencies(provider(), [client("acme", targets=list(targets))], [])
    return [one.message.key for one in found]


def test_two_groups_of_one_name_or_id_are_one_too_many():
    named = keys(group("a", name_tag="web"), group("b", name_tag="web"))
    known = keys(group("a", group_id="sg-12345678"), group("b", group_id="sg-12345678"))

    assert named == known == ["catalog.repeated-resource"]


def test_a_group_may_have_the_name_of_a_disk():
    assert keys(group("a", name_tag="web"), disk("b", name_tag="web")) == []


def test_a_disk_may_be_a_block_of_its_instances_resource():
    place = {"directory": "p", "address": "aws_instance.web"}
    machine = instance("web", terraform=place)

    assert keys(machine, disk("root", "root_block_device", name_tag="r")) == []
    assert keys(machine, disk("root", name_tag="r")) == ["catalog.repeated-address"]


def test_a_disk_is_attached_to_an_instance_of_the_same_inventory():
    good = disk("data", instance="web-1", name_tag="d")
    typo = disk("data", instance="wbe-1", name_tag="d")

    found = inconsistencies(
        provider(), [client("acme", targets=[instance("web-1"), typo])], []
    )
    alone = inconsistencies(provider(), [client("acme", targets=[typo])], [])

    assert keys(instance("web-1"), good) == []
    assert [(one.message.key, one.steps) for one in found] == [
        ("catalog.unknown-instance", ("targets", 1, "instance"))
    ]
    assert found[0].message.args == {"got": "wbe-1", "known": "web-1"}
    assert alone[0].message.args == {"got": "wbe-1", "known": "-"}


def test_a_certificate_opens_one_host_alone():
    ssh = {"address": "10.0.0.9", "user": "ops", "principal": "web"}
    ssh["host_key"] = "ssh-ed25519 " + "A" * 68
    one, other = (
        {**instance(name), "kind": "host", "ssh": ssh} for name in ("web", "other")
    )
    for each in (one, other):
        del each["aws"]

    (found,) = inconsistencies(provider(), [client("acme", targets=[one, other])], [])

    assert found.message.key == "catalog.repeated-resource"
    assert found.steps == ("targets", 1, "ssh", "principal")


def parameter(name="workers", **more):
    return {
        "kind": "parameter",
        "name": name,
        "environment": "production",
        "description": "a value",
        "file": "group_vars/web.yml",
        "format": "yaml",
        "path": ["nginx", name],
        "type": "integer",
        **more,
    }


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"min": 1, "max": 8, "choices": ["2", "4"]}, []),
        ({"min": 4, "max": 4}, []),
        ({"min": 8, "max": 1}, [("bounds-crossed", "max", {})]),
        (
            {"type": "text", "min": 1},
            [("bound-of-no-number", "min", {"name": "min", "type": "text"})],
        ),
        (
            {"type": "boolean", "max": 1},
            [("bound-of-no-number", "max", {"name": "max", "type": "boolean"})],
        ),
        (
            {"choices": ["2", "many"]},
            [("choice-of-other-type", "choices.1", {"got": "many", "type": "integer"})],
        ),
        ({"type": "number", "min": 0.5, "choices": ["0.5", "2"]}, []),
        (
            {"format": "hcl", "environment": "staging"},
            [
                (
                    "no-job",
                    "format",
                    {"jobs": jobs, "environment": "staging", "file": ACME},
                )
                for jobs in ("plan_jobs", "apply_jobs")
            ],
        ),
        ({"format": "hcl"}, []),
        ({"environment": "staging"}, []),
    ],
)
def test_what_a_parameter_may_be_fits_what_it_is(more, expected):
    one = client("acme", targets=[parameter(**more)])

    found = inconsistencies(provider(), [one], [])

    assert [
        (
            one.message.key.removeprefix("catalog."),
            ".".join(map(str, one.steps[2:])),
            one.message.args,
        )
        for one in found
    ] == expected


def test_a_value_of_a_file_is_one_parameter():
    again = parameter("other") | {"path": ["nginx", "workers"]}

    found = inconsistencies(
        provider(), [client("acme", targets=[parameter(), again])], []
    )

    (flaw,) = found
    assert flaw.message.key == "catalog.repeated-parameter"
    assert flaw.steps == ("targets", 1, "path")
