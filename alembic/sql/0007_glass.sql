-- Glasses that were broken, each with its review; one client's each. Who broke it, why
-- and on what is never changed, only how its review goes on.
CREATE TABLE glass (
  operation    text PRIMARY KEY REFERENCES operation (id),
  client       text NOT NULL,
  member       text NOT NULL,
  organisation text NOT NULL,
  reason       text NOT NULL CHECK (length(reason) >= 10),
  digest       text NOT NULL,
  at           timestamptz NOT NULL,
  opened_at    timestamptz,
  reminded_at  timestamptz,
  closed_at    timestamptz,
  closed_by    text CHECK (closed_by <> member),
  finding      text,
  CHECK ((closed_at IS NULL) = (closed_by IS NULL)),
  CHECK ((closed_at IS NULL) = (finding IS NULL))
);
-- Nobody breaks a second glass while the first is not reviewed, at however many
-- replicas they click: of two at once the database lets one through.
CREATE UNIQUE INDEX glass_unreviewed ON glass (client, member) WHERE closed_at IS NULL;

ALTER TABLE glass ENABLE ROW LEVEL SECURITY;
ALTER TABLE glass FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON glass USING (client = tandem_client())
  WITH CHECK (client = tandem_client());
GRANT SELECT, INSERT, UPDATE (opened_at, reminded_at, closed_at, closed_by, finding)
  ON glass TO tandem_app;

-- Part of `tandem_write`, in its transaction and with the caller's rights.
CREATE FUNCTION tandem_write_glass(p_client text, p jsonb, moment timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  item jsonb;
BEGIN
  FOR item IN SELECT jsonb_array_elements(p->'broken') LOOP
    INSERT INTO glass (operation, client, member, organisation, reason, digest, at)
      VALUES (item->>'operation', p_client, item->>'member', item->>'organisation',
              item->>'reason', item->>'digest', (item->>'at')::timestamptz);
  END LOOP;
  FOR item IN SELECT jsonb_array_elements(p->'opened') LOOP
    UPDATE glass SET opened_at = moment
      WHERE operation = item #>> '{}' AND opened_at IS NULL AND closed_at IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'review of % was opened before', item USING ERRCODE = 'TD409';
    END IF;
  END LOOP;
  FOR item IN SELECT jsonb_array_elements(p->'reminded') LOOP
    UPDATE glass SET reminded_at = moment
      WHERE operation = item #>> '{}' AND closed_at IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'review of % is closed', item USING ERRCODE = 'TD409';
    END IF;
  END LOOP;
  FOR item IN SELECT jsonb_array_elements(p->'closed') LOOP
    UPDATE glass SET closed_at = moment, closed_by = item->>'by',
                     finding = item->>'finding'
      WHERE operation = item->>'operation' AND closed_at IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'review of % is closed', item USING ERRCODE = 'TD409';
    END IF;
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION tandem_write_glass(text, jsonb, timestamptz) TO tandem_app;
