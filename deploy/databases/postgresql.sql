-- What a PostgreSQL server (16 or newer) must hold so that Tandem may make a database
-- on it, and may do nothing else there. Read it, then run it as a superuser, connected
-- to a database of its own that is named tandem (README.md has the commands). May be
-- run again.
--
--   tandem_definer  makes databases and users; only the two functions below act as it
--   tandem_vault    Vault's own user: makes users for minutes and drops them again
--   tandem_see      what such a user is while something is looked at
--   tandem_make     what such a user is while a database is made
--
-- CREATE DATABASE runs in no function: tandem.make says it over a connection that it
-- opens to this same server (dblink), with the password that stands in tandem.loopback.

DO $$
DECLARE
  wanted text;
BEGIN
  IF current_setting('server_version_num')::int < 160000 THEN
    RAISE EXCEPTION 'PostgreSQL 16 or newer is needed: before, CREATEROLE reaches every role';
  END IF;
  IF current_database() <> 'tandem' THEN
    RAISE EXCEPTION 'run this in the database tandem, not in %', current_database();
  END IF;
  FOREACH wanted IN ARRAY ARRAY['tandem_definer', 'tandem_vault', 'tandem_see', 'tandem_make'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    END IF;
  END LOOP;
END
$$;

ALTER ROLE tandem_definer LOGIN CREATEDB CREATEROLE NOSUPERUSER CONNECTION LIMIT 10;
ALTER ROLE tandem_vault LOGIN CREATEROLE NOCREATEDB NOSUPERUSER;
-- So that Vault can end the sessions of a user that it made.
ALTER ROLE tandem_vault SET createrole_self_grant = 'inherit';
GRANT tandem_see, tandem_make TO tandem_vault
  WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;

REVOKE ALL ON DATABASE tandem FROM PUBLIC;
GRANT CONNECT ON DATABASE tandem
  TO tandem_definer, tandem_vault, tandem_see, tandem_make;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
-- What PostgreSQL lets anybody do who is in, and nobody needs here.
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION
  lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;

CREATE SCHEMA IF NOT EXISTS tandem_private;
REVOKE ALL ON SCHEMA tandem_private FROM PUBLIC;
CREATE EXTENSION IF NOT EXISTS dblink SCHEMA tandem_private;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tandem_private FROM PUBLIC;
GRANT USAGE ON SCHEMA tandem_private TO tandem_definer;
GRANT EXECUTE ON FUNCTION
  tandem_private.dblink_connect(text),
  tandem_private.dblink_disconnect(),
  tandem_private.dblink_exec(text)
  TO tandem_definer;

CREATE SCHEMA IF NOT EXISTS tandem;
GRANT USAGE ON SCHEMA tandem TO tandem_definer, tandem_see, tandem_make;

-- How this server is reached from itself. One row, put there by whoever installs this.
CREATE TABLE IF NOT EXISTS tandem.loopback (
  alone boolean PRIMARY KEY DEFAULT true CHECK (alone),
  conninfo text NOT NULL
);
-- What was made, for which operation, written down before it is begun.
CREATE TABLE IF NOT EXISTS tandem.made (
  operation text PRIMARY KEY,
  database text NOT NULL UNIQUE,
  username text NOT NULL UNIQUE,
  begun_at timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON tandem.loopback, tandem.made FROM PUBLIC;
GRANT SELECT ON tandem.loopback TO tandem_definer;
GRANT SELECT, INSERT, DELETE ON tandem.made TO tandem_definer;

-- What is there. `rights` is everything that the user may do anywhere, as text;
-- `open` are the databases that let in everybody, and so every new user too.
CREATE OR REPLACE FUNCTION tandem.see(
  wanted_operation text, wanted_database text, wanted_user text
) RETURNS TABLE (
  version text, database_there boolean, user_there boolean, made boolean,
  rights text[], open text[]
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT
    current_setting('server_version'),
    EXISTS (SELECT FROM pg_database WHERE datname = wanted_database),
    EXISTS (SELECT FROM pg_roles WHERE rolname = wanted_user),
    EXISTS (
      SELECT FROM tandem.made m WHERE m.operation = wanted_operation
        AND m.database = wanted_database AND m.username = wanted_user
    ),
    ARRAY(
      SELECT format('%s ON %s', a.privilege_type, d.datname)
        FROM pg_database d, aclexplode(d.datacl) a, pg_roles r
       WHERE a.grantee = r.oid AND r.rolname = wanted_user
      UNION ALL
      SELECT format('OWNER OF %s', d.datname)
        FROM pg_database d, pg_roles r
       WHERE d.datdba = r.oid AND r.rolname = wanted_user
      UNION ALL
      SELECT format('MEMBER OF %s', g.rolname)
        FROM pg_auth_members m, pg_roles g, pg_roles r
       WHERE m.roleid = g.oid AND m.member = r.oid AND r.rolname = wanted_user
      UNION ALL
      SELECT power
        FROM pg_roles, LATERAL (VALUES
          (rolsuper, 'SUPERUSER'), (rolcreatedb, 'CREATEDB'),
          (rolcreaterole, 'CREATEROLE'), (rolreplication, 'REPLICATION'),
          (rolbypassrls, 'BYPASSRLS')) AS held (it, power)
       WHERE rolname = wanted_user AND it
    ),
    ARRAY(
      SELECT d.datname::text
        FROM pg_database d,
             aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
       WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT' AND d.datallowconn
       ORDER BY 1
    )
$$;

-- Makes one database and one user for one operation. For the same operation it may be
-- called again, for a day: it goes on where it was cut off and sets the new password.
-- The password comes as its SCRAM verifier, so the server never gets to know it.
-- Refusals: TN001 a name or verifier that is not allowed, TN002 something of that name
-- is there, TN003 the operation was for something else, or is too old.
CREATE OR REPLACE FUNCTION tandem.make(
  wanted_operation text, wanted_database text, wanted_user text, verifier text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_before tandem.made;
  here text;
BEGIN
  IF (wanted_operation ~ '^[a-z2-7]{20}$'
      AND wanted_database ~ '^[a-z][a-z0-9_]{0,31}$'
      AND wanted_user ~ '^[a-z][a-z0-9_]{0,31}$'
      AND wanted_database !~ '^(pg_|tandem|template)'
      AND wanted_user !~ '^(pg_|tandem|v_)'
      AND wanted_database NOT IN ('postgres', 'rdsadmin', 'cloudsqladmin')
      AND wanted_user NOT IN ('postgres', 'public', 'none', 'root', 'admin', 'user')
      AND verifier ~ '^SCRAM-SHA-256\$[0-9]{4,7}:[A-Za-z0-9+/]+=*\$[A-Za-z0-9+/]+=*:[A-Za-z0-9+/]+=*$'
     ) IS NOT TRUE THEN
    RAISE EXCEPTION 'this name or verifier is not allowed' USING ERRCODE = 'TN001';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('tandem.make', 0));
  SELECT conninfo INTO STRICT here FROM tandem.loopback;
  SELECT * INTO found_before FROM tandem.made WHERE operation = wanted_operation;
  IF NOT FOUND THEN
    IF EXISTS (SELECT FROM pg_database WHERE datname = wanted_database)
       OR EXISTS (SELECT FROM pg_roles WHERE rolname = wanted_user) THEN
      RAISE EXCEPTION 'it is there already' USING ERRCODE = 'TN002';
    END IF;
  ELSIF found_before.database <> wanted_database
     OR found_before.username <> wanted_user
     OR found_before.begun_at < now() - interval '1 day' THEN
    RAISE EXCEPTION 'this operation made something else, or long ago'
      USING ERRCODE = 'TN003';
  END IF;
  PERFORM tandem_private.dblink_connect(here || ' dbname=tandem');
  IF found_before.operation IS NULL THEN
    -- Rows of what was dropped meanwhile stand in the way of nothing.
    PERFORM tandem_private.dblink_exec(format(
      'DELETE FROM tandem.made WHERE database = %L OR username = %L',
      wanted_database, wanted_user));
    PERFORM tandem_private.dblink_exec(format(
      'INSERT INTO tandem.made (operation, database, username) VALUES (%L, %L, %L)',
      wanted_operation, wanted_database, wanted_user));
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = wanted_user) THEN
    PERFORM tandem_private.dblink_exec(format(
      'ALTER ROLE %I PASSWORD %L', wanted_user, verifier));
  ELSE
    PERFORM tandem_private.dblink_exec(format(
      'CREATE ROLE %I LOGIN PASSWORD %L', wanted_user, verifier));
  END IF;
  IF NOT EXISTS (SELECT FROM pg_database WHERE datname = wanted_database) THEN
    PERFORM tandem_private.dblink_exec(format(
      'CREATE DATABASE %I TEMPLATE template0 ENCODING %L', wanted_database, 'UTF8'));
  END IF;
  PERFORM tandem_private.dblink_exec(format(
    'REVOKE ALL ON DATABASE %I FROM PUBLIC', wanted_database));
  PERFORM tandem_private.dblink_exec(format(
    'GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO %I',
    wanted_database, wanted_user));
  PERFORM tandem_private.dblink_disconnect();
  PERFORM tandem_private.dblink_connect(here || ' dbname=' || wanted_database);
  PERFORM tandem_private.dblink_exec(format(
    'GRANT USAGE, CREATE ON SCHEMA public TO %I', wanted_user));
  PERFORM tandem_private.dblink_disconnect();
END
$$;

ALTER FUNCTION tandem.see(text, text, text) OWNER TO tandem_definer;
ALTER FUNCTION tandem.make(text, text, text, text) OWNER TO tandem_definer;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tandem FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tandem.see(text, text, text) TO tandem_see, tandem_make;
GRANT EXECUTE ON FUNCTION tandem.make(text, text, text, text) TO tandem_make;
