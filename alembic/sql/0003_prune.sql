-- What was said and what was delivered is needed only as long as it may come again.
-- The application may delete nothing by itself: it may have this done, for one client,
-- and only to what was sent. The audit is not touched by anything here.
CREATE FUNCTION tandem_prune(p_client text, p_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  said      bigint;
  delivered bigint;
BEGIN
  PERFORM set_config('tandem.client', p_client, true);
  -- Never within a day: a repeated delivery would be done again.
  p_before := least(p_before, now() - interval '1 day');
  DELETE FROM outbox AS old
    WHERE old.client = p_client AND old.sent_at < p_before
      -- The first message of a card is what later ones change, and what links lead to.
      AND (old.body->>'way' IS DISTINCT FROM 'card' OR EXISTS (
        SELECT FROM outbox AS first
        WHERE first.client = p_client AND first.operation = old.operation
          AND first.body->>'way' = 'card' AND first.message <> '' AND first.id < old.id
      ));
  GET DIAGNOSTICS said = ROW_COUNT;
  DELETE FROM delivery WHERE client = p_client AND at < p_before;
  GET DIAGNOSTICS delivered = ROW_COUNT;
  RETURN said + delivered;
END $$;
REVOKE ALL ON FUNCTION tandem_prune(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tandem_prune(text, timestamptz) TO tandem_app;
CREATE INDEX outbox_sent ON outbox (client, sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX delivery_age ON delivery (client, at);
