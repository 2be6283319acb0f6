### What playbooks about disks say while they look, act and check.

## playbooks/aws/ebs_snapshot.py

playbook-ebs-snapshot-fact-volume = Volume
playbook-ebs-snapshot-fact-size = Size
playbook-ebs-snapshot-fact-attached = Attached to
playbook-ebs-snapshot-fact-encrypted = Encrypted
playbook-ebs-snapshot-fact-last = Last snapshot
playbook-ebs-snapshot-fact-snapshot = Snapshot
playbook-ebs-snapshot-fact-taken = Taken at
playbook-ebs-snapshot-no-volume = AWS has no such volume in this account and region. Please ask the provider to correct the catalog.
playbook-ebs-snapshot-unusable = The volume is { $state } and cannot be snapshotted now. Nothing was done; please ask again when it is available.
playbook-ebs-snapshot-started = AWS has begun the snapshot { $snapshot }. What is written to the volume from now on is not in it.
playbook-ebs-snapshot-missing = AWS has no snapshot of this operation.
playbook-ebs-snapshot-other = The snapshot of { $volume } is { $state }, which is not what was wanted.
playbook-ebs-snapshot-undo = Nothing to undo: a snapshot changes nothing on the volume. It costs its storage until somebody deletes it.
