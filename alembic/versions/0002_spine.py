"""
Operations, decisions, the audit chain, the outbox, leases; each client on its own.

Runs before the code. Three promises are kept here, by the database, whatever the code
above does:

* A client sees its own rows only: row-level security on `tandem.client`, which each
  transaction sets for itself. Unset means nothing is seen.
* An operation moves only along the table of allowed steps (`operation_step`).
* The audit is inserted, never changed; its order and hashes are made by the database.
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for name in ("0002_tables.sql", "0002_audit.sql", "0002_write.sql"):
        op.get_bind().exec_driver_sql(
            (SQL / name).read_text(encoding="utf-8").replace("%", "%%")
        )


def downgrade() -> None:
    raise NotImplementedError("the audit is never dropped by a migration")
