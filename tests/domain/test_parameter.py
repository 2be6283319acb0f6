"""What a person types for a parameter becomes a value of its type, or is refused."""

import pytest

from bot.domain.catalog.parameter import fits, read_value
from bot.domain.errors import Refused


def read(text, *, kind="text", least=None, most=None, choices=()):
    return read_value(
        text, name="workers", type=kind, least=least, most=most, choices=choices
    )


def refusal(text, **more):
    with pytest.raises(Refused) as caught:
        read(text, **more)
    message = caught.value.message
    return message.key.removeprefix("refused.parameter-"), message.args


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("boolean", "Yes", True),
        ("boolean", "off", False),
        ("integer", "-12", -12),
        ("number", "3", 3),
        ("number", "-0.25", -0.25),
        ("number", "123456789012.125", 123456789012.125),
        ("number", "1.500000000", 1.5),
        ("text", "3", "3"),
        ("text", "x" * 500, "x" * 500),
    ],
)
def test_words_are_a_value_of_the_type(kind, text, value):
    found = fits(text, type=kind)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("boolean", "1"),
        ("boolean", ""),
        ("integer", "1.0"),
        ("integer", "01"),
        ("integer", "\u0661"),
        ("integer", "1" * 19),
        ("number", "1e3"),
        ("number", "inf"),
        ("number", ".5"),
        ("number", "1.0123456789"),
        ("number", "123456789012345.123456789"),
        ("text", ""),
        ("text", "x" * 501),
        ("text", "a\nb"),
    ],
)
def test_words_that_are_none_are_told_with_what_is_wanted(kind, text):
    assert fits(text, type=kind) is None

    key, args = refusal(text, kind=kind)

    assert key == "type"
    assert (args["name"], args["wanted"].key) == ("workers", f"parameter.{kind}")


@pytest.mark.parametrize("text", ["0.5", "4", "2"])
def test_the_bounds_themselves_are_within(text):
    assert read(text, kind="number", least=0.5, most=4) == float(text)


@pytest.mark.parametrize(
    ("text", "bounds", "told"),
    [
        ("0.49", {"least": 0.5, "most": 4}, {"least": "0.5", "most": "4"}),
        ("4.01", {"least": 0.5, "most": 4}, {"least": "0.5", "most": "4"}),
        ("5", {"most": 4}, {"least": "-", "most": "4"}),
        ("-1", {"least": 0}, {"least": "0", "most": "-"}),
    ],
)
def test_a_number_out_of_bounds_is_told_with_the_bounds(text, bounds, told):
    key, args = refusal(text, kind="number", **bounds)

    assert key == "range"
    assert args == {"name": "workers", "got": text, **told}


def test_a_value_is_one_of_the_choices_however_it_is_written():
    assert read("on", kind="boolean", choices=("true",)) is True
    assert refusal("off", kind="boolean", choices=("true",)) == (
        "choice",
        {"name": "workers", "got": "off", "choices": "true"},
    )
