-- Roles lent for a while; one client's each. Who lent, to whom and when is never changed,
-- only that it ended early.
CREATE TABLE delegation (
  id         text PRIMARY KEY CHECK (id ~ '^[a-z2-7]{20}$'),
  client     text NOT NULL,
  role       text NOT NULL,
  giver      text NOT NULL,
  taker      text NOT NULL CHECK (taker <> giver),
  begins     timestamptz NOT NULL,
  until      timestamptz NOT NULL CHECK (until > begins),
  revoked_at timestamptz
);
CREATE INDEX delegation_until ON delegation (client, until);

ALTER TABLE delegation ENABLE ROW LEVEL SECURITY;
ALTER TABLE delegation FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON delegation USING (client = tandem_client())
  WITH CHECK (client = tandem_client());
GRANT SELECT, INSERT, UPDATE (revoked_at) ON delegation TO tandem_app;

CREATE FUNCTION tandem_write_delegation(p_client text, p jsonb, moment timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  item jsonb;
BEGIN
  FOR item IN SELECT jsonb_array_elements(p->'given') LOOP
    INSERT INTO delegation (id, client, role, giver, taker, begins, until)
      VALUES (item->>'id', p_client, item->>'role', item->>'giver', item->>'taker',
              (item->>'begins')::timestamptz, (item->>'until')::timestamptz);
  END LOOP;
  FOR item IN SELECT jsonb_array_elements(p->'revoked') LOOP
    UPDATE delegation SET revoked_at = moment
      WHERE id = item #>> '{}' AND revoked_at IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'delegation % has ended already', item USING ERRCODE = 'TD409';
    END IF;
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION tandem_write_delegation(text, jsonb, timestamptz)
  TO tandem_app;
