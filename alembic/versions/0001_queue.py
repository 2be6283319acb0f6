"""
The queue: Procrastinate's own schema, as the installed version brings it.

Runs before the code. The version is pinned in pyproject.toml; a later version's changes
come as a migration of ours that runs the library's own delta files.
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None

APP = "tandem_app"


def upgrade() -> None:
    # The role may have been made by the operator, with a password and a pg_hba line.
    op.execute(
        f"""
        DO $$ BEGIN
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP}') THEN
            CREATE ROLE {APP} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
          END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
          NULL; -- another database of the same cluster was faster
        END $$
        """
    )
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute(
        f"""
        GRANT USAGE ON SCHEMA public TO {APP};
        GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs,
          procrastinate_events, procrastinate_periodic_defers, procrastinate_workers
          TO {APP};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP};
        """
    )


def downgrade() -> None:
    raise NotImplementedError("the first migration is undone by dropping the database")
