"""Who is which GitLab user, proved by themselves, behind row-level security."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    tables = (SQL / "0008_link.sql").read_text(encoding="utf-8")
    # The one call that writes knows the new table; a database that was made by an
    # older 0002 gets it here. Its signature is the same, so old code runs on.
    write = (SQL / "0002_write.sql").read_text(encoding="utf-8")
    write = write.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    for statements in (tables, write):
        op.get_bind().exec_driver_sql(statements.replace("%", "%%"))


def downgrade() -> None:
    raise NotImplementedError("who proved to be whom is never dropped")
