import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import Refused
from bot.domain.terraform.address import Address, ModuleStep

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,10}", fullmatch=True)
keys = st.one_of(
    st.none(),
    st.integers(min_value=0, max_value=10**8),
    st.text(st.characters(codec="ascii"), max_size=10),
)
reserved = {"data", "var", "local", "each", "count", "self", "path", "terraform"}
steps = st.builds(ModuleStep, name=names, key=keys)
addresses = st.builds(
    Address,
    type=names.filter(lambda name: name not in reserved | {"module"}),
    name=names,
    key=keys,
    modules=st.lists(steps, max_size=3).map(tuple),
)


@settings(deadline=None)
@given(addresses)
def test_an_address_reads_back_as_it_is_written(address):
    assert Address.parse(str(address)) == address


def test_an_address_is_taken_apart():
    found = Address.parse('module.app["eu"].module.db.aws_instance.web["web-2"]')

    assert found == Address(
        type="aws_instance",
        name="web",
        key="web-2",
        modules=(ModuleStep("app", "eu"), ModuleStep("db")),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "aws_instance",
        "aws_instance.",
        ".web",
        "aws_instance.web.",
        "aws_instance.web.extra",
        "aws_instance[0].web",
        "aws_instance.web[",
        "aws_instance.web[-1]",
        "aws_instance.web[x]",
        'aws_instance.web["a]',
        r'aws_instance.web["\x"]',
        'aws_instance.web["a"]["b"]',
        "data.aws_ami.x",
        "module.app",
        "module.aws_instance.web.x.y",
        "var.x",
        "aws_instance.web\n",
        " aws_instance.web",
        "aws_instance.wéb",
        "a." + "x" * 1000,
    ],
)
def test_what_is_no_resource_address_is_refused(text):
    with pytest.raises(Refused) as caught:
        Address.parse(text)

    assert caught.value.message.key == "refused.terraform-address"
