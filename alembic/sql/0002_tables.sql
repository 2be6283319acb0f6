-- What one client may see is decided here and nowhere else.
CREATE FUNCTION tandem_client() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('tandem.client', true), '') $$;

CREATE TABLE operation (
  id          text PRIMARY KEY CHECK (id ~ '^[a-z2-7]{20}$'),
  client      text NOT NULL,
  state       text NOT NULL,
  version     integer NOT NULL,
  command     text NOT NULL,
  target      text NOT NULL,
  environment text NOT NULL,
  requester   text NOT NULL,
  asked_at    timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  ended_at    timestamptz,
  merge_request integer,
  body        jsonb NOT NULL
);
CREATE INDEX operation_recent ON operation (client, asked_at DESC, id);
CREATE INDEX operation_open ON operation (client, state) WHERE ended_at IS NULL;

-- The state machine, as data. bot/domain/operation.py holds the same table, and a test
-- compares the two.
CREATE TABLE operation_step (
  before text NOT NULL,
  after  text NOT NULL,
  PRIMARY KEY (before, after)
);
INSERT INTO operation_step (before, after) VALUES
  ('asked', 'proposed'), ('asked', 'refused'), ('asked', 'cancelled'),
  ('asked', 'expired'),
  ('proposed', 'approved'), ('proposed', 'denied'), ('proposed', 'cancelled'),
  ('proposed', 'expired'), ('proposed', 'voided'),
  ('approved', 'running'), ('approved', 'voided'), ('approved', 'cancelled'),
  ('approved', 'expired'),
  ('running', 'done'), ('running', 'failed'), ('running', 'in_doubt'),
  ('in_doubt', 'done'), ('in_doubt', 'failed');

CREATE FUNCTION operation_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.client <> OLD.client OR NEW.requester <> OLD.requester THEN
    RAISE EXCEPTION 'an operation keeps its id, its client and its requester';
  END IF;
  IF NEW.state <> OLD.state AND NOT EXISTS (
    SELECT FROM operation_step WHERE before = OLD.state AND after = NEW.state
  ) THEN
    RAISE EXCEPTION 'no step leads from % to %', OLD.state, NEW.state;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER operation_moves BEFORE UPDATE ON operation
  FOR EACH ROW EXECUTE FUNCTION operation_moves();

CREATE TABLE decision (
  operation text NOT NULL REFERENCES operation (id),
  client    text NOT NULL,
  member    text NOT NULL,
  verdict   text NOT NULL CHECK (verdict IN ('approve', 'deny')),
  digest    text NOT NULL,
  at        timestamptz NOT NULL,
  body      jsonb NOT NULL,
  -- One person decides once on one digest, however many replicas they click at.
  PRIMARY KEY (operation, member, digest)
);

CREATE TABLE delivery (
  key    text PRIMARY KEY,
  client text NOT NULL,
  answer text NOT NULL,
  at     timestamptz NOT NULL
);

CREATE TABLE outbox (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  client     text NOT NULL,
  operation  text,
  place      text NOT NULL,
  body       jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  not_before timestamptz NOT NULL,
  attempts   integer NOT NULL DEFAULT 0,
  tried_at   timestamptz,
  sent_at    timestamptz,
  message    text,
  problem    text
);
CREATE INDEX outbox_waiting ON outbox (client, place, id) WHERE sent_at IS NULL;
CREATE INDEX outbox_said ON outbox (operation, id) WHERE message IS NOT NULL;

CREATE TABLE lease (
  accessor   text PRIMARY KEY,
  client     text NOT NULL,
  operation  text NOT NULL,
  purpose    text NOT NULL,
  lent_at    timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  -- An AWS session made of the loan lives on until here, whatever is revoked.
  session_dies_at timestamptz,
  ended_at   timestamptz,
  ending     text
);
CREATE INDEX lease_open ON lease (client) WHERE ended_at IS NULL;

-- When a channel may next be posted to, for all replicas together. By client, because
-- the provider's own channel is posted to for each of them, and none sees another's row.
CREATE TABLE courtesy (
  place      text NOT NULL,
  client     text NOT NULL,
  next_at    timestamptz NOT NULL,
  PRIMARY KEY (client, place)
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['operation', 'decision', 'delivery', 'outbox', 'lease',
                              'courtesy'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own ON %I USING (client = tandem_client())
                    WITH CHECK (client = tandem_client())', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO tandem_app', name);
  END LOOP;
END $$;
-- What was decided, and that something was delivered, is never changed.
REVOKE UPDATE ON decision, delivery FROM tandem_app;
GRANT SELECT ON operation_step TO tandem_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tandem_app;
