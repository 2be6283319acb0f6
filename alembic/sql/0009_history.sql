-- Routes look at what became of a command lately: the latest few, of one client, in one
-- environment. Only what ended one of these two ways is in it.
CREATE INDEX operation_history ON operation (client, environment, command, ended_at DESC)
  WHERE state IN ('done', 'failed');
