"""
Roles lent for a while, behind row-level security.

Runs before the code: what is added to `tandem_write` does nothing for writes without
`delegation`. The function is extended as it stands, so that whatever another migration
made of it stays.
"""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"

SQL = Path(__file__).parent.parent / "sql"
DEFINITION = "SELECT pg_get_functiondef('tandem_write(text, jsonb)'::regprocedure)"
# The audit is written last: its chain's lock is held from there to the commit.
BEFORE = "  -- Last, because the chain's lock is held from here to the commit.\n"
ADDED = """\
  IF p ? 'delegation' THEN
    PERFORM tandem_write_delegation(p_client, p->'delegation', moment);
  END IF;

"""


def upgrade() -> None:
    bind = op.get_bind()
    tables = (SQL / "0005_delegation.sql").read_text(encoding="utf-8")
    bind.exec_driver_sql(tables.replace("%", "%%"))
    definition = bind.exec_driver_sql(DEFINITION).scalar_one()
    if definition.count(BEFORE) != 1:
        raise RuntimeError("tandem_write is not as this migration knows it")
    extended = definition.replace(BEFORE, ADDED + BEFORE)
    bind.exec_driver_sql(extended.replace("%", "%%"))


def downgrade() -> None:
    raise NotImplementedError("what people lent is never dropped by a migration")
