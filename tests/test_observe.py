"""Logs: one JSON line an event, and no secret in any, whoever wrote it and how."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.observe import masked, observe

SHAPES = (
    "xoxb-1234567890-abcDEF",
    "xapp-1-A0TANDEM-123456",
    "glpat-abcDEF_123456789",
    "hvs.CAESIJ0123456789abcdef",
    "s.0123456789abcdefABCDEF",
    "ASIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
)
SECRET = SHAPES[0]
# What writes whole requests, or a line for every job, at INFO.
LOUD = ("slack_bolt", "slack_sdk", "procrastinate", "uvicorn.access", "urllib3")


@pytest.fixture
def logs(capsys):
    """Set logging up for this test alone; gives the lines that were written."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in LOUD}

    def start(**how):
        observe(**{"level": "info", "as_json": True, **how})
        # pytest swaps the stream between the phases of a test.
        (handler,) = root.handlers
        said = io.StringIO()
        handler.setStream(said)
        return lambda: said.getvalue().splitlines()

    yield start
    root.handlers, root.level = before, level
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)
    structlog.reset_defaults()


def only(lines):
    (line,) = lines()
    return json.loads(line)


def fail(words):
    raise ValueError(words)


def fail_twice():
    try:
        fail(SECRET)
    except ValueError as error:
        raise RuntimeError(f"with {SHAPES[2]}") from error


@pytest.mark.parametrize("shape", SHAPES)
def test_what_has_the_shape_of_a_secret_is_covered_in_any_text(logs, shape):
    lines = logs()

    structlog.get_logger().info(
        f"asked with {shape}",
        detail=f"({shape})",
        deep={"list": [f"x {shape}"]},
        other=ValueError(shape),
    )

    assert shape not in "\n".join(lines())
    assert only(lines)["detail"] == "(********)"


@pytest.mark.parametrize(
    "name", ["token", "secret_id", "Password", "X-Vault-Token", "AUTHORIZATION"]
)
def test_what_is_called_a_secret_is_covered_whatever_it_is(logs, name):
    lines = logs()

    structlog.get_logger().info("x", **{name: "plain"}, deep={name: ["plain"]})

    assert "plain" not in "\n".join(lines())


def test_secrets_in_an_exception_and_its_causes_are_covered(logs):
    lines = logs()

    try:
        fail_twice()
    except RuntimeError:
        structlog.get_logger().exception("stage.broken", reference="abc")

    said = only(lines)
    assert SECRET not in said["exception"]
    assert SHAPES[2] not in said["exception"]
    assert "RuntimeError: with ********" in said["exception"]
    assert said["reference"] == "abc"


def test_of_a_long_traceback_the_end_is_kept_which_says_what_happened(logs):
    lines = logs()

    try:
        fail("y" * 9_000 + " the reason")
    except ValueError:
        structlog.get_logger().exception("x")

    found = only(lines)["exception"]
    assert found.endswith("the reason")
    assert len(found) < 5_000


def test_a_secret_on_the_edge_of_what_is_kept_is_covered_too(logs):
    lines = logs()

    structlog.get_logger().info("x", detail="y " * 1_995 + SECRET + " z" * 500)

    assert "xoxb" not in "\n".join(lines())


def test_other_libraries_logs_are_lines_like_ours(logs):
    lines = logs()

    logging.getLogger("somebody.else").warning("sent %s to %s", SECRET, "Slack")

    said = only(lines)
    assert said["event"] == "sent ******** to Slack"
    assert said["level"] == "warning"
    assert said["timestamp"].endswith("Z")


def test_other_libraries_exceptions_are_covered(logs):
    lines = logs()

    try:
        fail(SECRET)
    except ValueError:
        logging.getLogger("somebody.else").exception("failed with %r", SECRET)

    said = only(lines)
    assert SECRET not in json.dumps(said)
    assert "ValueError: ********" in said["exception"]


def test_lines_for_people_are_covered_as_well(logs):
    lines = logs(as_json=False)

    structlog.get_logger().error(f"with {SECRET}", token="plain", list=[SECRET])

    said = "\n".join(lines())
    assert "with ********" in said
    assert (SECRET in said, "plain" in said) == (False, False)


def test_what_writes_whole_requests_is_not_heard_at_info(logs):
    lines = logs()

    for name in LOUD:
        logging.getLogger(name).info("a whole request")
    structlog.get_logger().debug("too little")
    logging.getLogger("slack_sdk.web").warning("heard")

    assert only(lines)["event"] == "heard"


def test_a_line_break_in_a_text_makes_no_second_line(logs):
    lines = logs()

    structlog.get_logger().info('x\n{"event": "forged"}', who="a\nb")

    assert only(lines)["who"] == "a\nb"


@given(st.text(max_size=60), st.sampled_from(SHAPES), st.text(max_size=60))
def test_a_secret_is_found_between_any_words(before, shape, after):
    assert shape not in masked(f"{before} {shape} {after}")


@given(st.text(st.characters(categories=("Ll", "Zs", "Po")), max_size=300))
def test_small_words_are_left_alone(text):
    if "-" not in text and "." not in text:
        assert masked(text) == text


def test_what_is_called_a_secret_is_there_under_a_mask(logs):
    lines = logs()

    structlog.get_logger().info("x", token="plain", deep={"token": None})

    said = only(lines)
    assert (said["token"], said["deep"]) == ("********", {"token": "********"})


def test_numbers_and_nothing_stay_what_they_are(logs):
    lines = logs()

    structlog.get_logger().info("x", none=None, whole=3, part=0.5, yes=True)

    said = only(lines)
    found = [said[name] for name in ("none", "whole", "part", "yes")]
    assert found == [None, 3, 0.5, True]


def test_of_any_text_four_thousand_letters_are_kept(logs):
    lines = logs()

    try:
        fail("y" * 9_000)
    except ValueError:
        structlog.get_logger().exception("x" * 9_000, other=Long())

    said = only(lines)
    kept = {name: len(said[name]) for name in ("event", "exception", "other")}
    assert kept == dict.fromkeys(kept, 4_000)


class Long:
    def __repr__(self):
        return "z" * 9_000


def test_what_lies_deeper_than_four_is_one_text(logs):
    lines = logs()

    structlog.get_logger().info(
        "x", maps={1: {2: {3: {4: {"a": 5}}}}}, lists=[[[[["a"]]]]]
    )

    said = only(lines)
    assert said["maps"] == {"1": {"2": {"3": {"4": "{'a': 5}"}}}}
    assert said["lists"] == [[[["['a']"]]]]


def test_what_a_library_says_is_written_out_once(logs):
    lines, dear = logs(), Dear()

    logging.getLogger("somebody.else").warning(dear)

    assert only(lines)["event"] == "dear"
    assert dear.times == 1


class Dear:
    times = 0

    def __str__(self):
        self.times += 1
        return "dear"
