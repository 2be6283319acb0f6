-- Who of an organisation is which GitLab user, as they proved it themselves, and the
-- wishes for it; one organisation's each. Who, which user, when and by which code is
-- never changed, only how it goes on. Of a code there is its digest alone.
CREATE TABLE gitlab_link (
  id          text PRIMARY KEY CHECK (id ~ '^[a-z2-7]{20}$'),
  client      text NOT NULL,
  member      text NOT NULL,
  team        text NOT NULL,
  slack_user  text NOT NULL,
  gitlab      text NOT NULL,
  room        text NOT NULL,
  channel     text NOT NULL,
  asked_code  text NOT NULL CHECK (asked_code ~ '^[0-9a-f]{64}$'),
  asked_at    timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  version     integer NOT NULL,
  answer_code text CHECK (answer_code ~ '^[0-9a-f]{64}$'),
  noted_at    timestamptz,
  tries       integer NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
  made_at     timestamptz CHECK (made_at < expires_at),
  ended_at    timestamptz,
  ending      text CHECK (ending IN
    ('replaced', 'expired', 'refused', 'wrong-codes', 'removed')),
  CHECK (made_at IS NULL OR answer_code IS NOT NULL),
  CHECK ((ended_at IS NULL) = (ending IS NULL))
);
-- At however many replicas they type: one wish at a time, one link a member, and one
-- member a GitLab user. By client, so that nobody learns what others have.
CREATE UNIQUE INDEX gitlab_link_asked ON gitlab_link (client, member)
  WHERE made_at IS NULL AND ended_at IS NULL;
CREATE UNIQUE INDEX gitlab_link_member ON gitlab_link (client, member)
  WHERE made_at IS NOT NULL AND ended_at IS NULL;
CREATE UNIQUE INDEX gitlab_link_account ON gitlab_link (client, lower(gitlab))
  WHERE made_at IS NOT NULL AND ended_at IS NULL;

ALTER TABLE gitlab_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE gitlab_link FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON gitlab_link USING (client = tandem_client())
  WITH CHECK (client = tandem_client());
GRANT SELECT, INSERT,
  UPDATE (version, answer_code, noted_at, tries, made_at, ended_at, ending)
  ON gitlab_link TO tandem_app;

-- Part of `tandem_write`, in its transaction and with the caller's rights. What is over
-- stays over. Saved first: a new wish replaces the one that waits.
CREATE FUNCTION tandem_write_links(p_client text, p jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  item jsonb;
BEGIN
  FOR item IN SELECT jsonb_array_elements(p->'saves') LOOP
    UPDATE gitlab_link SET
      version = (item->>'version')::integer,
      answer_code = item->>'answer_code',
      noted_at = (item->>'noted_at')::timestamptz,
      tries = (item->>'tries')::integer,
      made_at = (item->>'made_at')::timestamptz,
      ended_at = (item->>'ended_at')::timestamptz,
      ending = item->>'ending'
      WHERE id = item->>'id' AND version = (item->>'version')::integer - 1
        AND ended_at IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'link % has moved on', item->>'id' USING ERRCODE = 'TD409';
    END IF;
  END LOOP;
  FOR item IN SELECT jsonb_array_elements(p->'adds') LOOP
    INSERT INTO gitlab_link (id, client, member, team, slack_user, gitlab, room,
                             channel, asked_code, asked_at, expires_at, version)
      VALUES (item->>'id', p_client, item->>'member', item->>'team', item->>'user',
              item->>'gitlab', item->>'room', item->>'channel', item->>'asked_code',
              (item->>'asked_at')::timestamptz, (item->>'expires_at')::timestamptz,
              (item->>'version')::integer);
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION tandem_write_links(text, jsonb) TO tandem_app;
