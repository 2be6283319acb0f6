import base64
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.terraform.literal import (
    NotReadableError,
    NotWritableError,
    canonical,
    number,
    quote,
    same,
    unquote,
    write,
)

HOSTILE = [
    'a"b',
    "\n",
    "\r\n",
    "\t",
    "back\\slash",
    '\\"',
    '${file("/etc/passwd")}',
    "%{if true}x%{endif}",
    "$${x}",
    "$$${x}",
    "%%{if}",
    "%%%{if}",
    "$",
    "%",
    "${",
    "%{",
    "$%{${%${",
    "{{ lookup('pipe','id') }}",
    "-leading",
    "../../etc",
    "a\0b",
    "\u202eevil\u202c",
    "\u200b\ufeff",
    "\x7f\x80\x9f",
    "é漢字🎉👩‍👩‍👧",
    "\U000e0001\U0010ffff",
    "EOT",
    "# no comment /* */ // \n#",
    "",
    " ",
]

texts = st.text(
    st.one_of(st.sampled_from('$%{}"\\\n\r\t'), st.characters(codec="utf-8")),
    max_size=40,
)


@settings(deadline=None)
@given(texts)
@example("$$${")
def test_what_is_quoted_reads_back_or_is_refused(text):
    try:
        written = quote(text)
    except NotWritableError:
        return

    assert written[0] == written[-1] == '"'
    assert written.isprintable()
    assert unquote(written[1:-1]) == text


def test_hostile_values_read_back_literally_in_terraform(terraform):
    values = ", ".join(f"base64encode({write(each)})" for each in HOSTILE)

    answer = terraform.run("console", stdin=f'join(" ", [{values}])'.encode())

    parts = answer.stdout.decode().strip().strip('"').split(" ")
    assert [base64.b64decode(part).decode() for part in parts] == HOSTILE


@pytest.mark.parametrize("text", ["\ud800", "e\u0301", "\u212b"])
def test_text_that_terraform_would_alter_is_not_written(text):
    with pytest.raises(NotWritableError):
        quote(text)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_numbers_that_are_none_are_not_written(value):
    with pytest.raises(NotWritableError):
        write(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [(True, "true"), (False, "false"), (8, "8"), (-1, "-1"), (1.5, "1.5")],
)
def test_plain_values_are_written_plainly(value, written):
    assert write(value) == written


@pytest.mark.parametrize(
    "inner",
    ["a\nb", "a\rb", "$$${x}", "%%%{x}", "\\x", "end\\", "\\uD8", "\\UFFFFFFFF"],
)
def test_a_doubtful_text_is_not_read(inner):
    with pytest.raises(NotReadableError):
        unquote(inner)


def test_numbers_are_read_as_written():
    assert [number("12"), number("-3"), number("1.50"), number("1e3")] == [
        12,
        -3,
        1.5,
        1000.0,
    ]


def test_an_absurdly_long_number_is_not_read():
    with pytest.raises(NotReadableError):
        number("9" * 5000)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8, "8"),
        (8.0, "8"),
        ("8", "8"),
        (100, "100"),
        (0.5, "0.5"),
        (1e3, "1000"),
        (True, "true"),
        (False, "false"),
        (None, "null"),
    ],
)
def test_a_primitive_has_one_canonical_text(value, text):
    assert canonical(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (1e-07, "0.0000001"),
        (1e22, "1" + "0" * 22),
        (-2.5e-9, "-0.0000000025"),
    ],
)
def test_a_number_is_written_with_all_its_digits_and_reads_back(value, text):
    assert write(value) == text
    assert number(text) == value


@pytest.mark.parametrize("value", [10**300, 1e-300])
def test_a_number_of_more_digits_than_are_read_is_not_written(value):
    with pytest.raises(NotWritableError, match="too many digits"):
        write(value)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (8, 8.0, True),
        # As text has it; the float itself is 37751415242232512.
        (37751415242232510, 3.775141524223251e16, True),
        (37751415242232511, 3.775141524223251e16, False),
        (0.000000001, 1e-9, True),
        ("8", 8, False),
        ("true", True, False),
        (1, True, False),
        (True, True, True),
        (None, "null", False),
        ("a", "a", True),
        ("a", "b", False),
    ],
)
def test_one_value_is_told_by_its_kind_and_its_digits(one, other, alike):
    assert same(one, other) is alike


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_that_is_written_reads_back(value):
    try:
        written = write(value)
    except NotWritableError:
        return

    assert same(number(written), value)
