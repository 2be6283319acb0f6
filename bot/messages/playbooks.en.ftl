### What playbooks say while they look, act and check.

## playbooks/aws/rds_snapshot.py

playbook-rds-snapshot-fact-engine = Engine
playbook-rds-snapshot-fact-class = Instance class
playbook-rds-snapshot-fact-size = Storage
playbook-rds-snapshot-fact-status = Status
playbook-rds-snapshot-fact-last = Last snapshot
playbook-rds-snapshot-fact-snapshot = Snapshot
playbook-rds-snapshot-fact-taken = Taken at
playbook-rds-snapshot-no-database = AWS has no database { $database } in this account and region. Please ask the provider to correct the catalog.
playbook-rds-snapshot-busy = { $database } is { $status } and cannot be snapshotted now. Nothing was done; please ask again when it is available.
playbook-rds-snapshot-started = AWS has begun the snapshot { $snapshot }.
playbook-rds-snapshot-progress = The snapshot is { $percent } % done.
playbook-rds-snapshot-missing = AWS has no snapshot { $snapshot }.
playbook-rds-snapshot-not-available = The snapshot is { $status }, not available.
playbook-rds-snapshot-other-database = The snapshot is of another database: { $database }.
playbook-rds-snapshot-other-size = The snapshot has { $size } GiB, more than the database.
playbook-rds-snapshot-undo = Nothing to undo: a snapshot changes nothing in the database. It costs its storage until somebody deletes it.
