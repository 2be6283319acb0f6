"""Freezes, overrides of the rota, feeds and envelopes; each behind row security."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"

SQL = Path(__file__).parent.parent / "sql" / "0004_timing.sql"


def upgrade() -> None:
    timing = SQL.read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(timing.replace("%", "%%"))


def downgrade() -> None:
    raise NotImplementedError("what people declared is never dropped by a migration")
