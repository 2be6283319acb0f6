-- All that a stage leaves behind, in one call and therefore in one transaction: state,
-- decisions, leases, audit, outbox and next jobs together, or none of it. Everything here
-- runs with the caller's rights, so row-level security and the grants above hold inside.

-- What several writes of one client insert: one statement a table, however many they
-- are, because most of what a small INSERT costs is its beginning and its end. First the
-- operations, which what else is written may be about.
CREATE FUNCTION tandem_add(p jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO operation (id, client, state, version, command, target, environment,
                         requester, asked_at, expires_at, body)
    SELECT item->>'id', item->>'client', item->>'state', (item->>'version')::integer,
           item->>'command', item->>'target', item->>'environment', item->>'requester',
           (item->>'asked_at')::timestamptz, (item->>'expires_at')::timestamptz, item
    FROM jsonb_array_elements(p) AS writes,
         jsonb_array_elements(writes->'adds') AS item;
END $$;
GRANT EXECUTE ON FUNCTION tandem_add(jsonb) TO tandem_app;

CREATE FUNCTION tandem_insert(p_client text, p jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF jsonb_path_exists(p, '$[*].leases[*]') THEN
    INSERT INTO lease (accessor, client, operation, purpose, lent_at, expires_at,
                       session_dies_at)
      SELECT item->>'accessor', p_client, item->>'operation', item->>'purpose',
             (writes->>'at')::timestamptz, (item->>'expires_at')::timestamptz,
             (item->>'session_dies_at')::timestamptz
      FROM jsonb_array_elements(p) AS writes,
           jsonb_array_elements(writes->'leases') AS item;
  END IF;

  INSERT INTO outbox (client, operation, place, body, created_at, not_before)
    SELECT p_client, item->>'operation', item->>'place', item,
           (writes->>'at')::timestamptz, (writes->>'at')::timestamptz
    FROM jsonb_array_elements(p) WITH ORDINALITY AS list(writes, turn),
         jsonb_array_elements(writes->'says') WITH ORDINALITY AS said(item, place)
    ORDER BY turn, place;
  IF FOUND THEN
    PERFORM pg_notify('tandem_outbox', p_client);
  END IF;

  IF jsonb_path_exists(p, '$[*].jobs[*]') THEN
    PERFORM procrastinate_defer_jobs_v1(ARRAY(
      SELECT ROW(
        'flow', job->>'task', 0, NULL, NULL,
        jsonb_build_object('client', p_client, 'operation', job->>'operation'),
        CASE WHEN job->>'after' IS NULL THEN NULL
             ELSE now() + make_interval(secs => (job->>'after')::float) END
      )::procrastinate_job_to_defer_v1
      FROM (
        SELECT job, turn, place, row_number() OVER (
          PARTITION BY job->>'task', job->>'operation' ORDER BY turn, place
        ) AS number
        FROM jsonb_array_elements(p) WITH ORDINALITY AS list(writes, turn),
             jsonb_array_elements(writes->'jobs') WITH ORDINALITY AS next(job, place)
      ) AS jobs
      WHERE NOT coalesce((job->>'once')::boolean, false) OR (
        number = 1 AND NOT EXISTS (
          SELECT FROM procrastinate_jobs AS there
          WHERE there.task_name = job->>'task'
            AND there.args->>'operation' = job->>'operation'
            -- An EXECUTE that is 'doing' may be a lost one under a living worker; a
            -- second finds the operation's own lock taken, and waits its turn.
            AND (there.status = 'todo'
                 OR (there.status = 'doing' AND job->>'task' <> 'execute'))
        )
      )
      ORDER BY turn, place
    ));
  END IF;

  -- Last, because the chain's lock is held from here to the commit.
  INSERT INTO audit (client, seq, at, event, actor, source, operation, body, content,
                     previous, hash)
    SELECT p_client, 0, (event->>'at')::timestamptz, event->>'event', event->>'actor',
           event->>'source', event->>'operation', event->>'body', event->>'content',
           '', ''
    FROM jsonb_array_elements(p) WITH ORDINALITY AS list(writes, turn),
         jsonb_array_elements(writes->'events') WITH ORDINALITY AS told(event, place)
    ORDER BY turn, place;
END $$;
GRANT EXECUTE ON FUNCTION tandem_insert(text, jsonb) TO tandem_app;

-- The writes of one stage. Answers NULL, or what was answered when the same request was
-- delivered before; then nothing is written.
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

  PERFORM tandem_add(jsonb_build_array(p));

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

  -- Made by 0004 to 0008; nothing older writes any of these.
  IF p ? 'timing' THEN
    PERFORM tandem_write_timing(p_client, p->'timing', moment);
  END IF;
  IF p ? 'delegation' THEN
    PERFORM tandem_write_delegation(p_client, p->'delegation', moment);
  END IF;
  IF p ? 'ladder' THEN
    PERFORM tandem_write_ladder(p_client, p->'ladder', moment);
  END IF;
  IF p ? 'glass' THEN
    PERFORM tandem_write_glass(p_client, p->'glass', moment);
  END IF;
  IF p ? 'links' THEN
    PERFORM tandem_write_links(p_client, p->'links');
  END IF;

  PERFORM tandem_insert(p_client, jsonb_build_array(p));
  RETURN NULL;
END $$;
GRANT EXECUTE ON FUNCTION tandem_write(text, jsonb) TO tandem_app;

-- Several stages' writes of one client that came at the same time, each whole or not at
-- all, all of them committed at once. Only for writes that insert: they lock no row that
-- another transaction may hold while it waits for the audit's lock (see Together in
-- Python). Answers NULL when all of them were written, else what became of each.
CREATE FUNCTION tandem_write_all(p_client text, p jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  item   jsonb;
  place  bigint;
  answer text;
  found  jsonb[];
  given  bigint;
BEGIN
  PERFORM set_config('tandem.client', p_client, true);
  -- The chain's lock before anything else, or two batches could each hold what the
  -- other waits for.
  PERFORM pg_advisory_xact_lock(hashtextextended('tandem audit ' || p_client, 0));

  -- As a rule they all fit, and go in together.
  BEGIN
    INSERT INTO delivery (key, client, answer, at)
      SELECT writes->'delivery'->>'key', p_client, writes->'delivery'->>'answer',
             (writes->>'at')::timestamptz
      FROM jsonb_array_elements(p) AS writes
      WHERE writes ? 'delivery'
      ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS given = ROW_COUNT;
    IF given <> (SELECT count(*) FROM jsonb_array_elements(p) AS writes
                 WHERE writes ? 'delivery') THEN
      RAISE EXCEPTION 'one of them was delivered before' USING ERRCODE = 'TD208';
    END IF;
    PERFORM tandem_add(p);
    PERFORM tandem_insert(p_client, p);
    RETURN NULL;
  EXCEPTION WHEN OTHERS THEN
    NULL; -- nothing of it is left, and each is tried by itself
  END;

  FOR item, place IN
    SELECT value, ordinality FROM jsonb_array_elements(p) WITH ORDINALITY
    ORDER BY ordinality
  LOOP
    BEGIN
      answer := tandem_write(p_client, item);
      found[place] := jsonb_build_object('answer', answer);
    EXCEPTION WHEN OTHERS THEN
      found[place] := jsonb_build_object('error', SQLSTATE);
    END;
  END LOOP;
  RETURN to_jsonb(found);
END $$;
GRANT EXECUTE ON FUNCTION tandem_write_all(text, jsonb) TO tandem_app;
