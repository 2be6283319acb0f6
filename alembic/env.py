"""
Run migrations on the connection that is handed in (`bot/outbound/postgres/schema.py`).

A lock that cannot be had within seconds fails the migration instead of stopping
production; one migration runs at a time, whoever starts it.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

connection: Connection | None = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run `tandem db upgrade`; the address comes from the settings")

connection.execute(text("SET lock_timeout = '5s'"))
connection.execute(text("SET statement_timeout = '60s'"))
connection.execute(text("SELECT pg_advisory_lock(hashtextextended('tandem db', 0))"))
connection.commit()
context.configure(connection=connection, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
connection.execute(text("SELECT pg_advisory_unlock(hashtextextended('tandem db', 0))"))
connection.commit()
