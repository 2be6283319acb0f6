"""
A canary in every secret: it comes out of nothing that people or machines read.

Wherever the product holds a secret it holds a `SecretStr`; here each such place is
found by its type, filled with a canary, and everything that could show it is read.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import io
import json
import logging
import pkgutil
import traceback
from datetime import timedelta
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

import bot
from bot.domain.audit import Event, EventName, canonical
from bot.domain.lease import WRAPPED, DiesAt, Minted, Revoked
from bot.observe import masked, observe
from tests.domain import core_samples as core

# Like nothing that a mask by shape would know: only the type protects it.
CANARY = "canary-7f3a-sings-when-shown"
# Begun like no name in the code, from which hypothesis draws words too.
words = st.text("abcdefghijkmnopqrstuvwxyz0123456789", min_size=8, max_size=40).map(
    "zq9{}".format
)


def modules():
    for found in pkgutil.walk_packages(bot.__path__, "bot."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def is_secret(hint: Any) -> bool:
    if hint is SecretStr:
        return True
    if get_origin(hint) in (Union, UnionType, Annotated):
        return any(is_secret(one) for one in get_args(hint))
    return False


def holders():
    """Return every class of the product that has a secret for a field."""
    for module in modules():
        for name, one in inspect.getmembers(module, inspect.isclass):
            if one.__module__ != module.__name__:
                continue
            if not (dataclasses.is_dataclass(one) or issubclass(one, BaseModel)):
                continue
            secrets = secret_fields(one)
            if secrets:
                yield pytest.param(one, secrets, id=f"{module.__name__}.{name}")


def secret_fields(one: type) -> tuple[str, ...]:
    if issubclass(one, BaseModel):
        fields = one.model_fields.items()
        return tuple(name for name, field in fields if is_secret(field.annotation))
    try:
        hints = get_type_hints(one, include_extras=True)
    except NameError:
        # Types that are only imported for the checker: read what is written there.
        text = inspect.get_annotations(one)
        return tuple(name for name, hint in text.items() if "SecretStr" in str(hint))
    return tuple(name for name, hint in hints.items() if is_secret(hint))


HOLDERS = list(holders())


def filled(one: type, secrets: tuple[str, ...]) -> Any:
    """Return one of these with the canary in its secrets and nothing else in it."""
    if issubclass(one, BaseModel):
        found = one.model_construct()
        found.__dict__.update(dict.fromkeys(secrets, SecretStr(CANARY)))
        return found
    found = object.__new__(one)
    for field in dataclasses.fields(one):
        value = SecretStr(CANARY) if field.name in secrets else None
        object.__setattr__(found, field.name, value)
    return found


@pytest.fixture
def log():
    """Give a logger of the product's own set-up, and what it wrote."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    observe(level="debug", as_json=True)
    said = io.StringIO()
    (handler,) = root.handlers
    handler.setStream(said)
    yield structlog.get_logger(), said
    root.handlers, root.level = before, level
    structlog.reset_defaults()


def test_the_places_where_secrets_are_held_are_found():
    names = {one.values[0].__name__ for one in HOLDERS}

    assert {"Minted", "Settings"} <= names


@pytest.mark.parametrize(("one", "secrets"), HOLDERS)
def test_no_holder_shows_its_secret(one, secrets, log):
    holder = filled(one, secrets)
    logger, said = log

    logger.info("held", thing=holder, things=[holder], by_name={"x": holder})
    logging.getLogger("a.library").warning("held %s %r", holder, holder)
    shown = [repr(holder), str(holder), f"{holder}", f"{holder!r:>200}"]
    if isinstance(holder, BaseModel):
        shown += [str(holder.model_dump(warnings=False))]
        shown += [holder.model_dump_json(warnings=False, include=set(secrets))]

    for text in (*shown, said.getvalue()):
        assert CANARY not in text
    assert "held" in said.getvalue()


@pytest.mark.parametrize(("one", "secrets"), HOLDERS)
def test_no_traceback_shows_a_secret_that_was_in_hand(one, secrets, log):
    logger, said = log

    def fails(holder):
        raise ValueError(f"cannot use {holder}")

    try:
        fails(filled(one, secrets))
    except ValueError as error:
        logger.exception("it.failed")
        whole = traceback.TracebackException.from_exception(error, capture_locals=True)
        locals_too = "".join(whole.format())

    assert "it.failed" in said.getvalue()
    assert CANARY not in said.getvalue()
    assert CANARY not in locals_too


@given(canary=words)
def test_no_secret_becomes_part_of_an_audit_body(canary):
    event = Event(
        name=EventName.CREDENTIALS_LENT,
        actor="tandem",
        source="worker",
        body={"token": SecretStr(canary), "list": [SecretStr(canary)]},
    )

    with pytest.raises(TypeError) as refusal:
        canonical(event.body)

    assert canary not in str(refusal.value)
    assert canary not in repr(event)
    assert canary not in event.model_dump_json()


@given(
    shape=st.sampled_from(
        ("xoxb-{}", "xoxp-{}", "xapp-{}", "glpat-{}", "hvs.{:a<16}", "hvb.{:a<16}")
    ),
    secret=words,
    around=st.text(" ,;:()[]'\"\n=", max_size=3),
)
def test_a_secret_that_is_known_by_its_shape_is_covered_in_any_text(
    shape, secret, around
):
    hidden = shape.format(secret)

    text = masked(f"before{around} {hidden} {around}after")

    assert hidden not in text
    assert secret not in text
    assert text == f"before{around} ******** {around}after"


@given(
    name=st.sampled_from(
        (
            "token",
            "X-Vault-Token",
            "client_secret",
            "PASSWORD",
            "Authorization",
            "set-cookie",
            "secret_id",
        )
    ),
    secret=words,
    depth=st.integers(0, 3),
)
def test_a_secret_that_is_known_by_its_name_is_covered_at_any_depth(
    name, secret, depth
):
    value: Any = {name: secret}
    for _ in range(depth):
        value = {"in": value}
    said = written(thing=value, **{name.replace("-", "_"): secret})

    assert secret not in said


def written(**values):
    root = logging.getLogger()
    before, level = root.handlers, root.level
    try:
        observe(level="info", as_json=True)
        stream = io.StringIO()
        (handler,) = root.handlers
        handler.setStream(stream)
        structlog.get_logger().info("event", **values)
        (line,) = stream.getvalue().splitlines()
        assert json.loads(line)["event"] == "event"
        return line
    finally:
        root.handlers, root.level = before, level
        structlog.reset_defaults()


def test_what_was_lent_is_told_by_its_handle_and_its_end():
    ends = core.NOW + timedelta(minutes=10)
    minted = Minted(accessor="a-1", token=SecretStr(CANARY), expires_at=ends)

    assert (minted.accessor, minted.expires_at) == ("a-1", ends)
    assert minted.token.get_secret_value() == CANARY
    assert Revoked(at=ends).already_gone is False
    assert Revoked(at=ends, already_gone=True).already_gone
    assert DiesAt(at=ends).at == ends


def test_a_wrapped_secret_waits_an_hour_to_be_opened():
    assert timedelta(hours=1) == WRAPPED
