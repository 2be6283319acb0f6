"""The trust ladder and what GitLab protects, behind row-level security."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"

SQL = Path(__file__).parent.parent / "sql" / "0006_ladder.sql"


def upgrade() -> None:
    tables = SQL.read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(tables.replace("%", "%%"))


def downgrade() -> None:
    raise NotImplementedError("what was agreed on is never dropped by a migration")
