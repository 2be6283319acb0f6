-- All that a stage leaves behind, in one call and therefore in one transaction: state,
-- decisions, leases, audit, outbox and next jobs together, or none of it. It runs with
-- the caller's rights, so row-level security and the grants above hold inside it.
CREATE FUNCTION tandem_write(p_client text, p jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  item   jsonb;
  answer text;
  moment timestamptz := (p->>'at')::timestamptz;
BEGIN
  PERFORM set_config('tandem.client', p_client, true);

  IF p ? 'delivery' THEN
    INSERT INTO delivery (key, client, answer, at)
      VALUES (p->'delivery'->>'key', p_client, p->'delivery'->>'answer', moment)
      ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      SELECT d.answer INTO answer FROM delivery d WHERE d.key = p->'delivery'->>'key';
      RETURN coalesce(answer, '');
    END IF;
  END IF;

  FOR item IN SELECT jsonb_array_elements(p->'adds') LOOP
    INSERT INTO operation (id, client, state, version, command, target, environment,
                           requester, asked_at, expires_at, body)
      VALUES (item->>'id', item->>'client', item->>'state', (item->>'version')::integer,
              item->>'command', item->>'target', item->>'environment',
              item->>'requester', (item->>'asked_at')::timestamptz,
              (item->>'expires_at')::timestamptz, item);
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'saves') LOOP
    UPDATE operation SET
      state = item->>'state',
      version = (item->>'version')::integer,
      expires_at = (item->>'expires_at')::timestamptz,
      ended_at = (item->>'ended_at')::timestamptz,
      merge_request = (item->'progress'->>'merge_request')::integer,
      body = item
      WHERE id = item->>'id' AND version = (item->>'version')::integer - 1;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'operation % has moved on', item->>'id' USING ERRCODE = 'TD409';
    END IF;
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'decisions') LOOP
    INSERT INTO decision (operation, client, member, verdict, digest, at, body)
      VALUES (item->>'operation', p_client, item->>'member', item->>'verdict',
              item->>'digest', (item->>'at')::timestamptz, item);
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'leases') LOOP
    INSERT INTO lease (accessor, client, operation, purpose, lent_at, expires_at,
                       session_dies_at)
      VALUES (item->>'accessor', p_client, item->>'operation', item->>'purpose', moment,
              (item->>'expires_at')::timestamptz,
              (item->>'session_dies_at')::timestamptz);
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'endings') LOOP
    UPDATE lease SET ended_at = moment, ending = item->>'ending'
      WHERE accessor = item->>'accessor' AND ended_at IS NULL;
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'checkpoints') LOOP
    INSERT INTO audit_checkpoint (client, seq, head, at, signature)
      VALUES (p_client, (item->>'seq')::bigint, item->>'head',
              (item->>'at')::timestamptz, item->>'signature')
      ON CONFLICT DO NOTHING;
  END LOOP;

  FOR item IN SELECT jsonb_array_elements(p->'says') LOOP
    INSERT INTO outbox (client, operation, place, body, created_at, not_before)
      VALUES (p_client, item->>'operation', item->>'place', item, moment, moment);
  END LOOP;
  IF jsonb_array_length(p->'says') > 0 THEN
    PERFORM pg_notify('tandem_outbox', p_client);
  END IF;

  IF jsonb_array_length(p->'jobs') > 0 THEN
    PERFORM procrastinate_defer_jobs_v1(ARRAY(
      SELECT ROW(
        'flow', job->>'task', 0, NULL, NULL,
        jsonb_build_object('client', p_client, 'operation', job->>'operation'),
        CASE WHEN job->>'after' IS NULL THEN NULL
             ELSE now() + make_interval(secs => (job->>'after')::float) END
      )::procrastinate_job_to_defer_v1
      FROM jsonb_array_elements(p->'jobs') AS job
      WHERE NOT coalesce((job->>'once')::boolean, false) OR NOT EXISTS (
        SELECT FROM procrastinate_jobs AS there
        WHERE there.task_name = job->>'task'
          AND there.args->>'operation' = job->>'operation'
          -- An EXECUTE that is 'doing' may be a lost one under a living worker; a second
          -- finds the operation's own lock taken, and waits its turn.
          AND (there.status = 'todo'
               OR (there.status = 'doing' AND job->>'task' <> 'execute'))
      )
    ));
  END IF;

  -- Last, because the chain's lock is held from here to the commit.
  INSERT INTO audit (client, seq, at, event, actor, source, operation, body, content,
                     previous, hash)
    SELECT p_client, 0, (event->>'at')::timestamptz, event->>'event', event->>'actor',
           event->>'source', event->>'operation', event->>'body', event->>'content',
           '', ''
    FROM jsonb_array_elements(p->'events') WITH ORDINALITY AS list(event, place)
    ORDER BY place;

  RETURN NULL;
END $$;
GRANT EXECUTE ON FUNCTION tandem_write(text, jsonb) TO tandem_app;

-- Several stages' writes that came at the same time, each whole or not at all, all of
-- them committed at once. Only for writes that insert: they lock no row that another
-- transaction may hold while it waits for the audit's lock (see Together in Python).
CREATE FUNCTION tandem_write_all(p jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  item   jsonb;
  place  bigint;
  answer text;
  found  jsonb[];
BEGIN
  -- Client by client, each chain's lock before anything else: two batches that took
  -- them as they came could each hold what the other waits for.
  FOR item, place IN
    SELECT value, ordinality FROM jsonb_array_elements(p) WITH ORDINALITY
    ORDER BY value->>'client', ordinality
  LOOP
    BEGIN
      PERFORM pg_advisory_xact_lock(
        hashtextextended('tandem audit ' || (item->>'client'), 0)
      );
      answer := tandem_write(item->>'client', item->'writes');
      found[place] := jsonb_build_object('answer', answer);
    EXCEPTION WHEN OTHERS THEN
      found[place] := jsonb_build_object('error', SQLSTATE);
    END;
  END LOOP;
  RETURN to_jsonb(found);
END $$;
GRANT EXECUTE ON FUNCTION tandem_write_all(jsonb) TO tandem_app;
