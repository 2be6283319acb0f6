"""
An index by which the latest of one command in one environment are found.

Runs before or after the code: without it the same rows are found, only slower.
"""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    index = (SQL / "0009_history.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(index.replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP INDEX operation_history")
