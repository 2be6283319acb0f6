CREATE TABLE audit (
  client    text NOT NULL,
  seq       bigint NOT NULL,
  at        timestamptz NOT NULL,
  event     text NOT NULL CHECK (event ~ '^[a-z_]+\.[a-z_]+$'),
  actor     text NOT NULL,
  source    text NOT NULL,
  operation text,
  body      text NOT NULL, -- canonical JSON, kept as the very text that was hashed
  content   text NOT NULL CHECK (content ~ '^[0-9a-f]{64}$'),
  previous  text NOT NULL,
  hash      text NOT NULL,
  PRIMARY KEY (client, seq)
);
CREATE INDEX audit_operation ON audit (client, operation, seq);

-- Each record takes its place here: whoever inserts has no say in order or hash. The
-- lock holds until the commit, so a client's chain has one writer at a time.
CREATE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('tandem audit ' || NEW.client, 0));
  SELECT seq, hash INTO last FROM audit
    WHERE client = NEW.client ORDER BY seq DESC LIMIT 1;
  NEW.seq := coalesce(last.seq, 0) + 1;
  NEW.previous := coalesce(
    last.hash,
    encode(sha256(convert_to(E'tandem-audit/1\n' || NEW.client, 'UTF8')), 'hex')
  );
  NEW.hash := encode(
    sha256(decode(NEW.previous, 'hex') || int8send(NEW.seq) || decode(NEW.content, 'hex')),
    'hex'
  );
  RETURN NEW;
END $$;
CREATE TRIGGER audit_link BEFORE INSERT ON audit
  FOR EACH ROW EXECUTE FUNCTION audit_link();

CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit is never changed';
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();

CREATE TABLE audit_checkpoint (
  client    text NOT NULL,
  seq       bigint NOT NULL,
  head      text NOT NULL,
  at        timestamptz NOT NULL,
  signature text NOT NULL,
  PRIMARY KEY (client, seq)
);
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['audit', 'audit_checkpoint'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own ON %I USING (client = tandem_client())
                    WITH CHECK (client = tandem_client())', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO tandem_app', name);
  END LOOP;
END $$;
