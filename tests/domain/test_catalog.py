"""The catalog as values: who a person is, what a channel means, who may decide."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.catalog import (
    Aws,
    Catalog,
    CatalogRefused,
    Client,
    ClientRole,
    Database,
    Instance,
    Match,
    Problem,
    Provider,
    ProviderChannel,
    RouteRule,
    Shift,
)
from bot.domain.catalog.client import SecurityGroupAws, VolumeAws
from bot.domain.catalog.schema import keys_at, schema
from bot.domain.cost import Cost
from bot.domain.message import Message
from bot.domain.route import Facts, Grounds, Need
from bot.domain.scope import Environment, Risk

TEAM = "T0CLARANET"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 25, 12, tzinfo=UTC)


def member(name, *roles, **more):
    return {
        "id": name,
        "name": name.title(),
        "slack": [{"team": TEAM, "user": f"U0{name.upper()}"}],
        "roles": list(roles),
        **more,
    }


def provider(**more):
    return Provider.model_validate(
        {
            "id": "claranet",
            "name": "Claranet",
            "slack_teams": [TEAM],
            "escalation_channel": {"team": TEAM, "id": "C0ONCALL", "name": "oncall"},
            "members": [
                member("bob", "engineer", gitlab="Bob"),
                member("dave", "engineer"),
                member("erin", "manager"),
            ],
            "on_call": [
                {
                    "members": ["dave"],
                    "from": "2026-12-24T18:00:00+01:00",
                    "until": "2026-12-26T09:00:00+01:00",
                },
                {"members": ["bob", "dave"]},
            ],
            **more,
        }
    )


def client(name, *people, **more):
    return Client.model_validate(
        {
            "id": name,
            "name": name.title(),
            "channels": [{"team": TEAM, "id": f"C0{name.upper()}", "name": name}],
            "members": list(people),
            "gitlab": {
                "project": f"{name}/infra",
                "plan_jobs": {"staging": "plan", "production": "plan"},
                "apply_jobs": {"staging": "apply", "production": "apply"},
            },
            "aws": {
                "account": "123456789012",
                "region": "eu-west-3",
                "role_arn": f"arn:aws:iam::123456789012:role/tandem-{name}",
            },
            "targets": [
                {
                    "client": name,
                    "kind": "instance",
                    "name": "web-1",
                    "environment": "production",
                    "description": "a web server",
                    "aws": {"name_tag": f"{name}-web-1"},
                },
                {
                    "client": name,
                    "kind": "database",
                    "name": "db-prod",
                    "environment": "production",
                    "description": "a database",
                    "criticality": "high",
                    "aws": {"db_identifier": f"{name}-db-prod"},
                },
            ],
            **more,
        }
    )


def rule(*needs, **more):
    places = [{"role": role} for role in needs]
    return RouteRule.model_validate({"needs": places, **more})


def catalog(**more):
    parts = {
        "provider": provider(),
        "clients": (
            client("acme", member("alice", "developer"), member("carol", "owner")),
            client("globex", member("gina", "developer"), member("greg", "owner")),
        ),
        "routes": (
            rule(
                "provider.oncall",
                "client.owner",
                match={"risk": "high", "environment": "production"},
                expires="2h",
                remind_before="30m",
            ),
            rule("provider.oncall", match={"environment": "production"}),
        ),
    }
    return Catalog(**{**parts, **more})


def ids(people):
    return [person.id for person in people]


def test_a_person_is_their_slack_account_and_nothing_else():
    world = catalog()

    alice = world.person(TEAM, "U0ALICE")

    assert (alice.id, alice.organisation) == ("alice", "acme")
    assert alice.roles == (ClientRole.DEVELOPER,)
    assert world.person(TEAM, "U0BOB").organisation == "claranet"
    assert world.person("T0OTHER", "U0ALICE") is None
    assert world.person(TEAM, "u0alice") is None
    assert world.person(TEAM, "alice") is None
    assert world.person(TEAM, "U0MALLORY") is None


def test_a_person_is_found_by_id_and_by_gitlab_name():
    world = catalog()

    assert world.member("bob").name == "Bob"
    assert world.member("mallory") is None
    assert world.by_gitlab("bOB").id == "bob"
    assert world.by_gitlab("alice") is None


def test_a_channel_means_one_client_or_the_provider_or_nothing():
    world = catalog()

    assert world.channel(TEAM, "C0ACME").id == "acme"
    own = world.channel(TEAM, "C0ONCALL")
    assert isinstance(own, ProviderChannel)
    assert own.provider == "claranet"
    assert world.channel(TEAM, "C0RANDOM") is None
    assert world.channel("T0OTHER", "C0ACME") is None


def test_a_target_is_found_by_its_exact_name_in_its_own_client():
    acme = catalog().client("acme")

    assert isinstance(acme.target("web-1"), Instance)
    assert isinstance(acme.target("db-prod"), Database)
    assert acme.target("db-prod").client == "acme"
    for name in ("", "web", "web-1 ", "WEB-1", "web-*", "db"):
        assert acme.target(name) is None
    assert catalog().client("initech") is None


def test_the_first_shift_that_covers_the_moment_is_on_call():
    world = catalog()

    assert ids(world.on_call(NOON)) == ["bob", "dave"]
    assert ids(world.on_call(CHRISTMAS)) == ["dave"]


def test_nobody_is_on_call_when_no_shift_covers_the_moment():
    shifts = [{"members": ["bob"], "until": "2026-11-23T12:00:00Z"}]
    world = catalog(provider=provider(on_call=shifts))

    assert ids(world.on_call(NOON - timedelta(seconds=1))) == ["bob"]
    assert world.on_call(NOON) == ()


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)))
def test_a_shift_covers_from_its_beginning_up_to_its_end(at):
    shift = Shift(members=("bob",), begins=NOON, until=CHRISTMAS)

    assert shift.covers(at) == (NOON <= at < CHRISTMAS)


@pytest.mark.parametrize(
    ("role", "whose", "expected"),
    [
        ("provider.oncall", "acme", ["bob", "dave"]),
        ("provider.engineer", "acme", ["bob", "dave"]),
        ("provider.manager", "globex", ["erin"]),
        ("client.owner", "acme", ["carol"]),
        ("client.owner", "globex", ["greg"]),
        ("client.developer", "acme", ["alice"]),
        ("client.owner", "initech", []),
        ("provider.oncall", "initech", []),
        ("client.engineer", "claranet", []),
        ("provider.owner", "acme", []),
        ("owner", "acme", []),
        ("", "acme", []),
    ],
)
def test_a_role_is_held_by_those_of_that_side_alone(role, whose, expected):
    held = catalog().holders(role, client=whose, at=NOON)

    assert ids(held) == expected


def test_the_first_rule_that_matches_says_who_decides_and_by_when():
    world = catalog()

    route = world.route(
        client="acme",
        risk=Risk.HIGH,
        environment=Environment.PRODUCTION,
        command="resize",
    )

    assert route.needs == (Need(role="provider.oncall"), Need(role="client.owner"))
    assert route.expires == timedelta(hours=2)
    assert route.remind_before == timedelta(minutes=30)


def test_a_route_says_which_rule_it_comes_from_and_what_that_looked_at():
    places = [{"role": "provider.oncall"}]
    rules = (
        rule("client.owner", match={"environment": "staging"}),
        RouteRule.model_validate(
            {"match": {"costs_up_to": 5, "after_success": 2}, "needs": places}
        ),
        rule("provider.oncall", "client.owner"),
    )
    world = catalog(routes=rules)

    def grounds(**known):
        return world.route(
            client="acme",
            risk=Risk.LOW,
            environment=Environment.PRODUCTION,
            command="resize",
            facts=Facts(**known),
        ).grounds

    assert grounds(cost=Cost(cents=1), successes=3) == Grounds(
        rule=2, costs_up_to=5, after_success=2, successes=3, relied_on=2
    )
    assert grounds(successes=3) == Grounds(rule=3, successes=3)


def test_a_move_of_trust_says_its_rule_if_there_is_one():
    move = rule("client.owner", "provider.manager", match={"command": "trust"})
    about = {"risk": Risk.LOW, "environment": Environment.STAGING, "command": "trust"}
    first = rule("client.owner", match={"command": "resize"})
    with_rule = catalog(routes=(first, move))

    said = with_rule.route(client="acme", **about)
    unsaid = catalog(routes=(rule("client.owner"),)).route(client="acme", **about)

    assert said.grounds == Grounds(rule=2)
    assert unsaid.grounds is None


def test_a_rule_without_times_takes_the_clients_own():
    requests = {"expires": "3h", "remind_before": "10m"}
    acme = client("acme", requests=requests)
    world = catalog(clients=(acme,))

    route = world.route(
        client="acme",
        risk=Risk.LOW,
        environment=Environment.PRODUCTION,
        command="resize",
    )

    assert route.needs == (Need(role="provider.oncall"),)
    assert route.expires == timedelta(hours=3)
    assert route.remind_before == timedelta(minutes=10)


def test_an_envelope_is_open_as_often_as_it_was_not_used_and_else_closed():
    small = rule(envelope={"name": "small", "per_day": 2})
    routes = (small, rule("provider.oncall"))

    def route(**used):
        return catalog(routes=routes).route(
            client="acme",
            risk=Risk.LOW,
            environment=Environment.STAGING,
            command="resize",
            **used,
        )

    let = route(used={"small": 1})
    assert (let.needs, let.envelope.number) == ((), 2)
    for closed in (route(), route(used={}), route(used={"small": 2})):
        assert closed.needs == (Need(role="provider.oncall"),)
        assert closed.envelope is None


def test_where_no_rule_matches_nobody_may_decide():
    route = catalog().route(
        client="acme",
        risk=Risk.LOW,
        environment=Environment.STAGING,
        command="resize",
    )

    assert route is None


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({}, True),
        ({"risk": "low"}, True),
        ({"risk": "medium"}, False),
        ({"environment": "staging"}, True),
        ({"environment": "production"}, False),
        ({"command": "resize"}, True),
        ({"command": "backup"}, False),
        ({"risk": "low", "command": "backup"}, False),
    ],
)
def test_a_rule_fits_when_all_that_it_names_does(match, fits):
    found = Match.model_validate(match).fits(
        risk=Risk.LOW, environment=Environment.STAGING, command="resize"
    )

    assert found is fits


def test_the_version_changes_with_what_bears_on_the_client_and_nothing_else():
    before = catalog()
    other = client("globex", member("gina", "owner"))
    after = catalog(clients=(before.clients[0], other))

    assert before.version == catalog().version
    assert before.version != after.version
    assert before.version_for("acme") == after.version_for("acme")
    assert before.version_for("globex") != after.version_for("globex")
    without_rules = catalog(routes=before.routes[1:])
    assert before.version_for("acme") != without_rules.version_for("acme")
    with pytest.raises(KeyError):
        before.version_for("initech")


def test_what_does_not_fit_together_cannot_become_a_catalog():
    twins = (client("acme"), client("acme"))

    with pytest.raises(ValidationError, match="repeated-channel"):
        catalog(clients=twins)


def test_an_arn_is_derived_from_account_and_region():
    aws = Aws(
        account="123456789012",
        region="eu-west-3",
        role_arn="arn:aws-cn:iam::123456789012:role/x",
    )

    where = "eu-west-3:123456789012"
    assert aws.database_arn("db") == f"arn:aws-cn:rds:{where}:db:db"
    assert aws.snapshot_arn("s") == f"arn:aws-cn:rds:{where}:snapshot:s"
    assert aws.instance_arn("i-1") == f"arn:aws-cn:ec2:{where}:instance/i-1"


def test_jobs_are_known_by_environment():
    jobs = catalog().client("acme").gitlab.plan_jobs

    assert jobs.job(Environment.STAGING) == "plan"
    assert jobs.model_copy(update={"staging": None}).job(Environment.STAGING) is None


@pytest.mark.parametrize(
    ("expires", "expected"),
    [("45m", timedelta(minutes=45)), ("4h", timedelta(hours=4)), ("2d", timedelta(2))],
)
def test_a_duration_is_a_number_and_a_unit(expires, expected):
    assert rule("provider.oncall", expires=expires).expires == expected


@pytest.mark.parametrize(
    "expires", ["", "0h", "1", "1w", "01h", "-1h", "1h\n", "१h", 3]
)
def test_what_is_no_duration_is_refused(expires):
    with pytest.raises(ValidationError, match="must look like"):
        rule("provider.oncall", expires=expires)


@pytest.mark.parametrize(
    "moment",
    [
        "2026-12-24",
        "2026-12-24T18:00",
        "2026-13-24T18:00Z",
        5,
        NOON.replace(tzinfo=None),
    ],
)
def test_a_moment_without_its_zone_is_refused(moment):
    with pytest.raises(ValidationError, match="must look like"):
        Shift(members=("bob",), begins=moment)


@pytest.mark.parametrize("risk", ["none", "", "HIGH", 2, True])
def test_a_risk_that_does_not_exist_is_refused(risk):
    with pytest.raises(ValidationError, match="low, medium, high"):
        Match.model_validate({"risk": risk})


@pytest.mark.parametrize(
    "aws", [{}, {"instance_id": "i-0123456789abcdef0", "name_tag": "web-1"}]
)
def test_an_instance_is_found_in_one_way(aws):
    whole = client("acme").targets[0].model_dump()

    with pytest.raises(ValidationError, match=r"instance_id"):
        Instance.model_validate({**whole, "aws": aws})


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [(VolumeAws, "volume_id"), (SecurityGroupAws, "group_id")],
)
def test_a_volume_or_a_group_is_found_in_one_way(kind, wanted):
    known = {"volume_id": "vol-0123456789abcdef0", "group_id": "sg-0123456789abcdef0"}
    by_id, by_name = {wanted: known[wanted]}, {"name_tag": "web"}

    for neither_or_both in ({}, by_id | by_name):
        with pytest.raises(ValidationError, match=f"wanted {wanted} or name_tag"):
            kind.model_validate(neither_or_both)
    assert kind.model_validate(by_id).name_tag is None
    assert getattr(kind.model_validate(by_name), wanted) is None


PLACES = {
    "directory": ["/etc", "..", "a/../b", "a/", "./a", ".git", "a//b", "a b", "é", ""],
    "address": [
        "web",
        "a.b; rm",
        "a.b\n",
        'a.b["${x}"]',
        "a.b[*]",
        "\u0430ws_instance.x",
    ],
}


@pytest.mark.parametrize(
    ("key", "value"),
    [(key, value) for key, values in PLACES.items() for value in values],
)
def test_where_a_target_is_written_down_is_a_plain_place(key, value):
    whole = client("acme").targets[0].model_dump()
    place = {"directory": "environments/production", "address": "aws_instance.web_1"}

    with pytest.raises(ValidationError):
        Instance.model_validate({**whole, "terraform": {**place, key: value}})


@settings(deadline=None)
@given(st.text(max_size=5) | st.characters().map("web{}1".format))
def test_a_target_name_is_ascii_and_closed(name):
    whole = client("acme").targets[0].model_dump()

    try:
        found = Instance.model_validate({**whole, "name": name})
    except ValidationError:
        return

    assert found.name.isascii()
    assert set(found.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert found.name[0] not in "._-"


def test_a_schema_tells_each_file_and_not_what_the_folder_says():
    schemas = schema()

    assert set(schemas) == {
        "provider.yaml",
        "routes.yaml",
        "client.yaml",
        "inventory.yaml",
    }
    assert "id" not in schemas["client.yaml"]["properties"]
    assert "targets" not in schemas["client.yaml"]["properties"]
    assert "client" not in schemas["inventory.yaml"]["$defs"]["Instance"]["properties"]
    for name, one in schemas.items():
        assert name in one["description"]
        for key, field in one["properties"].items():
            assert field["description"], key


@pytest.mark.parametrize(
    ("file", "steps", "key"),
    [
        ("provider.yaml", (), "on_call"),
        ("provider.yaml", ("members", 0), "gitlab"),
        ("provider.yaml", ("on_call", 0), "from"),
        ("inventory.yaml", ("targets", 3, "instance"), "terraform"),
        ("inventory.yaml", ("targets", 3, "instance", "terraform"), "address"),
        ("client.yaml", ("gitlab", "plan_jobs"), "production"),
        ("routes.yaml", ("routes", 0, "match"), "risk"),
    ],
)
def test_the_keys_of_any_place_are_known(file, steps, key):
    assert key in keys_at(file, steps)


def test_a_place_that_does_not_exist_has_no_keys():
    assert keys_at("provider.yaml", ("members", 0, "nothing", "more")) == ()
    assert keys_at("inventory.yaml", ("targets", 0, "bucket")) == ()


def test_values_that_are_values_already_stay_what_they_are():
    places = [{"role": "provider.oncall"}]

    found = RouteRule(
        match=Match(risk=Risk.HIGH), needs=places, expires=timedelta(hours=1)
    )

    assert found.match.risk is Risk.HIGH
    assert found.expires == timedelta(hours=1)
    assert Match(risk=found.match.risk) == found.match


def test_a_refused_catalog_tells_the_first_place_and_how_many():
    message = Message.of("catalog.tab")
    first = Problem(file="routes.yaml", line=3, column=1, message=message)

    refused = CatalogRefused((first, first))

    assert refused.message.args["place"] == "routes.yaml:3:1"
    assert refused.message.args["first"] == message
    assert refused.message.args["count"] == 2
