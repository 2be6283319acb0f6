-- What both companies agreed on, one row an agreement; the latest of an environment
-- counts, until the catalog says another thing than `declared`. Nothing of it is ever
-- rewritten, only that it lapsed.
CREATE TABLE trust_level (
  operation   text PRIMARY KEY CHECK (operation ~ '^[a-z2-7]{20}$'),
  client      text NOT NULL,
  environment text NOT NULL CHECK (environment IN ('staging', 'production')),
  level       text NOT NULL
    CHECK (level IN ('propose', 'review', 'self-serve', 'committer')),
  declared    text NOT NULL
    CHECK (declared IN ('propose', 'review', 'self-serve', 'committer')),
  at          timestamptz NOT NULL,
  lapsed_at   timestamptz
);
CREATE INDEX trust_level_latest ON trust_level (client, environment, at DESC);

-- How GitLab was last seen to protect a client's default branch, and since when.
CREATE TABLE branch_protection (
  client   text PRIMARY KEY,
  found    jsonb NOT NULL,
  wanted   jsonb NOT NULL,
  since    timestamptz NOT NULL,
  tried_at timestamptz
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['trust_level', 'branch_protection'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own ON %I USING (client = tandem_client())
                    WITH CHECK (client = tandem_client())', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO tandem_app', name);
  END LOOP;
END $$;
GRANT UPDATE (lapsed_at) ON trust_level TO tandem_app;
GRANT UPDATE (found, wanted, since, tried_at) ON branch_protection TO tandem_app;

-- Part of `tandem_write`, in its transaction and with the caller's rights.
CREATE FUNCTION tandem_write_ladder(p_client text, p jsonb, moment timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  item jsonb;
BEGIN
  FOR item IN SELECT jsonb_array_elements(p->'agreed') LOOP
    INSERT INTO trust_level (operation, client, environment, level, declared, at)
      VALUES (item->>'operation', p_client, item->>'environment', item->>'level',
              item->>'declared', (item->>'at')::timestamptz)
      ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'agreement % is in force already', item->>'operation'
        USING ERRCODE = 'TD409';
    END IF;
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'lapsed') LOOP
    UPDATE trust_level SET lapsed_at = moment
      WHERE operation = item #>> '{}' AND lapsed_at IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'agreement % has lapsed already', item USING ERRCODE = 'TD409';
    END IF;
  END LOOP;

  IF jsonb_typeof(p->'seen') = 'object' THEN
    item := p->'seen';
    INSERT INTO branch_protection (client, found, wanted, since, tried_at)
      VALUES (p_client, item->'found', item->'wanted', (item->>'since')::timestamptz,
              (item->>'tried_at')::timestamptz)
      ON CONFLICT (client) DO UPDATE SET
        found = EXCLUDED.found, wanted = EXCLUDED.wanted, since = EXCLUDED.since,
        tried_at = EXCLUDED.tried_at
        WHERE (branch_protection.found, branch_protection.wanted,
               branch_protection.tried_at)
          IS DISTINCT FROM (EXCLUDED.found, EXCLUDED.wanted, EXCLUDED.tried_at);
    -- Somebody else saw the same: what is to be said of it was said by them.
    IF NOT FOUND THEN
      RAISE EXCEPTION 'this protection was seen before' USING ERRCODE = 'TD409';
    END IF;
  END IF;
END $$;
GRANT EXECUTE ON FUNCTION tandem_write_ladder(text, jsonb, timestamptz) TO tandem_app;
