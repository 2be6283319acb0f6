"""Broken glasses and their reviews, behind row-level security."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"

SQL = Path(__file__).parent.parent / "sql" / "0007_glass.sql"


def upgrade() -> None:
    tables = SQL.read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(tables.replace("%", "%%"))


def downgrade() -> None:
    raise NotImplementedError("what was done in an emergency is never dropped")
