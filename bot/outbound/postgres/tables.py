"""The tables as SQLAlchemy sees them, for reading. Their making is Alembic's."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()
_MOMENT = DateTime(timezone=True)

operation = Table(
    "operation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("command", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("asked_at", _MOMENT, nullable=False),
    Column("expires_at", _MOMENT, nullable=False),
    Column("ended_at", _MOMENT),
    Column("merge_request", Integer),
    Column("body", JSONB, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("operation", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("member", Text, primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("digest", Text, primary_key=True),
    Column("at", _MOMENT, nullable=False),
    Column("body", JSONB, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("client", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", _MOMENT, nullable=False),
    Column("event", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("operation", Text),
    Column("body", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("client", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("head", Text, nullable=False),
    Column("at", _MOMENT, nullable=False),
    Column("signature", Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("client", Text, nullable=False),
    Column("operation", Text),
    Column("place", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("created_at", _MOMENT, nullable=False),
    Column("not_before", _MOMENT, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tried_at", _MOMENT),
    Column("sent_at", _MOMENT),
    Column("message", Text),
    Column("problem", Text),
)

lease = Table(
    "lease",
    metadata,
    Column("accessor", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("lent_at", _MOMENT, nullable=False),
    Column("expires_at", _MOMENT, nullable=False),
    Column("session_dies_at", _MOMENT),
    Column("ended_at", _MOMENT),
    Column("ending", Text),
)

courtesy = Table(
    "courtesy",
    metadata,
    Column("place", Text, primary_key=True),
    Column("client", Text, primary_key=True),
    Column("next_at", _MOMENT, nullable=False),
)
