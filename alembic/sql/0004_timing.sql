-- Freezes declared in chat; one client's each.
CREATE TABLE freeze_window (
  id           text PRIMARY KEY CHECK (id ~ '^[a-z2-7]{20}$'),
  client       text NOT NULL,
  environment  text CHECK (environment IN ('staging', 'production')),
  begins       timestamptz NOT NULL,
  until        timestamptz NOT NULL CHECK (until > begins),
  reason       text NOT NULL,
  by           text NOT NULL,
  organisation text NOT NULL,
  lifted_at    timestamptz,
  lifted_by    text
);
CREATE INDEX freeze_open ON freeze_window (client, until) WHERE lifted_at IS NULL;

-- Overrides of the rota. `client` is the provider: the rota is its own, and is read
-- under its own name, as its audit is.
CREATE TABLE duty (
  id     text PRIMARY KEY CHECK (id ~ '^[a-z2-7]{20}$'),
  client text NOT NULL,
  member text NOT NULL,
  begins timestamptz NOT NULL,
  until  timestamptz NOT NULL CHECK (until > begins),
  by     text NOT NULL
);
CREATE INDEX duty_until ON duty (client, until);

-- What each feed of the rota said last, and when; the provider's, too.
CREATE TABLE feed (
  client     text NOT NULL,
  name       text NOT NULL,
  fetched_at timestamptz NOT NULL,
  slots      jsonb NOT NULL,
  told_at    timestamptz,
  PRIMARY KEY (client, name)
);

-- What envelopes let pass. The number is part of the key: of two that take the last
-- place of a day at once, the database lets one through.
CREATE TABLE envelope_use (
  client    text NOT NULL,
  envelope  text NOT NULL,
  day       date NOT NULL,
  number    integer NOT NULL CHECK (number >= 1),
  operation text NOT NULL,
  at        timestamptz NOT NULL,
  PRIMARY KEY (client, envelope, day, number),
  UNIQUE (operation, envelope)
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['freeze_window', 'duty', 'feed', 'envelope_use'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own ON %I USING (client = tandem_client())
                    WITH CHECK (client = tandem_client())', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO tandem_app', name);
  END LOOP;
END $$;
-- A freeze is lifted, never rewritten; what happened by an override stays as it was.
GRANT UPDATE (lifted_at, lifted_by) ON freeze_window TO tandem_app;
GRANT UPDATE (fetched_at, slots, told_at) ON feed TO tandem_app;

-- Part of `tandem_write`, in its transaction and with the caller's rights.
CREATE FUNCTION tandem_write_timing(p_client text, p jsonb, moment timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  item jsonb;
BEGIN
  FOR item IN SELECT jsonb_array_elements(p->'freezes') LOOP
    INSERT INTO freeze_window (id, client, environment, begins, until, reason, by,
                        organisation)
      VALUES (item->>'id', p_client, item->>'environment',
              (item->>'begins')::timestamptz, (item->>'until')::timestamptz,
              item->>'reason', item->>'by', item->>'organisation');
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'lifts') LOOP
    UPDATE freeze_window SET lifted_at = moment, lifted_by = item->>'by'
      WHERE id = item->>'id' AND lifted_at IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'freeze % was lifted before', item->>'id' USING ERRCODE = 'TD409';
    END IF;
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'duties') LOOP
    INSERT INTO duty (id, client, member, begins, until, by)
      VALUES (item->>'id', p_client, item->>'member', (item->>'begins')::timestamptz,
              (item->>'until')::timestamptz, item->>'by');
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'feeds') LOOP
    INSERT INTO feed (client, name, fetched_at, slots)
      VALUES (p_client, item->>'name', (item->>'fetched_at')::timestamptz,
              item->'slots')
      ON CONFLICT (client, name) DO UPDATE SET
        fetched_at = EXCLUDED.fetched_at, slots = EXCLUDED.slots, told_at = NULL
        WHERE feed.fetched_at < EXCLUDED.fetched_at;
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'told') LOOP
    INSERT INTO feed (client, name, fetched_at, slots, told_at)
      VALUES (p_client, item->>'feed', '-infinity', '[]', (item->>'at')::timestamptz)
      ON CONFLICT (client, name) DO UPDATE SET told_at = EXCLUDED.told_at;
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'uses') LOOP
    INSERT INTO envelope_use (client, envelope, day, number, operation, at)
      VALUES (p_client, item->>'envelope', (item->>'day')::date,
              (item->>'number')::integer, item->>'operation', moment)
      ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'envelope % is used by another', item->>'envelope'
        USING ERRCODE = 'TD409';
    END IF;
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION tandem_write_timing(text, jsonb, timestamptz) TO tandem_app;
