"""Roles lent for a while, behind row-level security."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"

SQL = Path(__file__).parent.parent / "sql" / "0005_delegation.sql"


def upgrade() -> None:
    tables = SQL.read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(tables.replace("%", "%%"))


def downgrade() -> None:
    raise NotImplementedError("what people lent is never dropped by a migration")
