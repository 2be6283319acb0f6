"""A whole resource put in beside what it is about, and taken out if it is the same."""

import pytest

from bot.domain.change import DropResource, NameOf, PutResource, SetAttribute
from bot.domain.errors import Refused
from bot.domain.terraform.growth import refuse_less
from bot.domain.terraform.whole import whole_resource

GROUP = 'data "aws_security_group" "web" {\n  tags = { Name = "web" }\n}\n'
OTHER = 'resource "aws_security_group" "lb" {\n  name = "lb"\n}\n'
FILES = {"net/groups.tf": GROUP.encode(), "net/lb.tf": OTHER.encode()}
SAYS = (
    ("type", "ingress"),
    ("security_group_id", NameOf(ref="data.aws_security_group.web.id")),
    ("from_port", 443),
    ("cidr_blocks", ("203.0.113.0/24",)),
)
RULE = """
resource "aws_security_group_rule" "in" {
  type              = "ingress"
  security_group_id = data.aws_security_group.web.id
  from_port         = 443
  cidr_blocks       = ["203.0.113.0/24"]
}
"""


def put(**changes):
    fields = {
        "directory": "net",
        "address": "aws_security_group_rule.in",
        "beside": "data.aws_security_group.web",
        "attribute": "rules",
        "arguments": SAYS,
    }
    return PutResource(**{**fields, **changes})


def drop(**changes):
    fields = put(**changes).model_dump(exclude={"kind"})
    return DropResource.model_validate(fields)


def reason(files, wanted):
    with pytest.raises(Refused) as caught:
        whole_resource(files, wanted)
    return caught.value.message.key


def test_a_resource_is_put_into_the_file_of_what_it_is_about():
    edit = whole_resource(FILES, put())

    assert (edit.file, edit.after.decode()) == ("net/groups.tf", GROUP + RULE)


def test_what_it_is_about_may_be_a_resource():
    edit = whole_resource(FILES, put(beside="aws_security_group.lb"))

    assert (edit.file, edit.after.decode()) == ("net/lb.tf", OTHER + RULE)


def test_what_was_put_in_is_taken_out_to_the_byte():
    there = {**FILES, "net/groups.tf": whole_resource(FILES, put()).after}

    edit = whole_resource(there, drop())

    assert edit.after == GROUP.encode()


def test_what_says_something_else_is_not_taken_out():
    there = {**FILES, "net/groups.tf": whole_resource(FILES, put()).after}

    other = drop(arguments=(*SAYS[:3], ("cidr_blocks", ("0.0.0.0/0",))))

    assert reason(there, other) == "refused.terraform-different"


def test_what_is_not_there_is_not_taken_out():
    assert reason(FILES, drop()) == "refused.terraform-no-block"


@pytest.mark.parametrize(
    ("beside", "why"),
    [
        ('aws_security_group.lb["a"]', "address"),
        ("module.net.aws_security_group.lb", "address"),
        ("data.aws_security_group.none", "no-block"),
        ("nothing", "address"),
    ],
)
def test_what_cannot_be_referred_to_is_refused(beside, why):
    assert reason(FILES, put(beside=beside)) == f"refused.terraform-{why}"


@pytest.mark.parametrize("wanted", [put(beside="a.b"), drop(address="a.b")])
def test_nothing_is_put_into_code_in_json_or_taken_out_of_it(wanted):
    files = {"net/m.tf.json": b'{"resource": {"a": {"b": {"type": "ingress"}}}}'}

    assert reason(files, wanted) == "refused.terraform-json"


def test_what_is_there_in_json_is_not_put_in_again():
    there = b'{"resource": {"aws_security_group_rule": {"in": {}}}}'

    assert reason({**FILES, "net/m.tf.json": there}, put()) == (
        "refused.terraform-present"
    )


def test_a_reference_is_names_and_nothing_else():
    wanted = put(arguments=(("type", NameOf(ref='file("x")')),))

    assert reason(FILES, wanted) == "refused.terraform-name"


@pytest.mark.parametrize("change", [put(), drop()])
def test_it_survives_being_stored(change):
    kept = type(change).model_validate_json(change.model_dump_json())

    assert kept == change
    assert kept.argument("from_port") == 443
    assert kept.argument("nothing") is None


def size(value, *, only_grows=True):
    return SetAttribute(
        directory="d",
        address="aws_ebs_volume.a",
        attribute="size",
        value=value,
        only_grows=only_grows,
    )


@pytest.mark.parametrize("now", [40, "40", 41, "x", float("nan")])
def test_what_only_grows_is_not_made_the_same_or_less(now):
    with pytest.raises(Refused) as caught:
        refuse_less(size(40), than=now, where="main.tf:3")

    assert caught.value.message.key == "refused.terraform-not-more"
    assert caught.value.message.args["what"] == str(now)


@pytest.mark.parametrize("now", [39, "39", 39.5, None])
def test_what_only_grows_may_be_made_more(now):
    assert refuse_less(size(40), than=now, where="main.tf:3") is None


def test_other_values_may_become_less():
    assert refuse_less(size(1, only_grows=False), than=40, where="a") is None


def test_a_new_value_that_is_no_number_is_not_more():
    with pytest.raises(Refused):
        refuse_less(size("large"), than=40, where="a")
