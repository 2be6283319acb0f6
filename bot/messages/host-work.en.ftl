### What is said about a host's shares, databases and Chef.

## playbooks/ansible/nfs_share.py
playbook-nfs-fact-folder = Its folder
playbook-nfs-fact-exported = Exported to
playbook-nfs-fact-fits = Enough is free
playbook-nfs-fact-mount = For /etc/fstab of each client
playbook-nfs-there-already = { $path } is exported by { $host } already, by a file of that name. Nothing was done.
playbook-nfs-folder-already = { $path } is there on { $host } already, with whatever it holds. Please choose another name.
playbook-nfs-no-room = Less than that is free on { $host }. Nothing was done.
playbook-nfs-no-limit = The size is not a limit: it is only looked at whether as much is free now. What the clients write later is not held to it.
playbook-nfs-no-undo = Not by a command: the provider removes the export. What is in { $path } by then would stay.

## playbooks/ansible/database_dump.py
playbook-dump-fact-file = Copy
playbook-dump-fact-bytes = Bytes
playbook-dump-fact-sha256 = SHA-256
playbook-dump-no-folder = The folder for copies of { $database } is not there on { $host }. Please ask the provider to make it.
playbook-dump-no-room = { $database } is larger than what is free on { $host } where its copies are kept. Nothing was done.
playbook-dump-there-already = { $file } is there already, and nothing is written over.
playbook-dump-no-undo = Nothing to undo: the database is only read. The copy stays on the host until somebody removes it.

## playbooks/ansible/converge.py
playbook-converge-fact-version = Program
playbook-converge-fact-ended = Ended with
playbook-converge-absent = { $client } is not there on { $host }, or does not run.
playbook-converge-blind = What it will change is what Chef has for this host by then. Nothing shows it beforehand.
playbook-converge-ended = It ended with { $code } on { $host }: { $meaning }
playbook-converge-code-failed = the run failed.
playbook-converge-code-interrupted = it was interrupted.
playbook-converge-code-terminated = it was told to end.
playbook-converge-code-reboot-scheduled = the run is through, and a reboot is scheduled.
playbook-converge-code-reboot-needed = the run is through, and a reboot is needed.
playbook-converge-code-reboot-failed = the reboot that it wanted failed.
playbook-converge-code-audit-failed = an audit failed.
playbook-converge-code-upgraded = it has replaced itself by another version and wants to be run again.
playbook-converge-code-other = see its log on the host.
playbook-converge-no-undo = There is no way back by a command: set the former values again, and converge once more.
