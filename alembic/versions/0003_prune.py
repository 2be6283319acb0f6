"""
What was said and delivered long ago is deleted; the audit never is.

Runs before or after the code: old code does not call it.
"""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        (SQL / "0003_prune.sql").read_text(encoding="utf-8").replace("%", "%%")
    )


def downgrade() -> None:
    op.execute("DROP INDEX delivery_age")
    op.execute("DROP INDEX outbox_sent")
    op.execute("DROP FUNCTION tandem_prune(text, timestamptz)")
