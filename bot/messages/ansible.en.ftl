### What Ansible playbooks say while they look, act and check.

playbook-ansible-changed = Done: { $task }.
playbook-ansible-failed = This did not work: { $task }.
playbook-ansible-task-failed = On { $host } this did not work: “{ $task }”. The host says: { $reason }
playbook-ansible-not-there = Afterwards the host was not as promised: { $call }.

## playbooks/ansible/service.py

playbook-service-fact-active = Running
playbook-service-fact-pid = Main process
playbook-service-runs-already = { $service } runs on { $host } already. Nothing was done; to begin it anew, ask for a restart.
playbook-service-stopped-already = { $service } does not run on { $host }, so there is nothing to stop.
playbook-service-will-stop = { $service } will not answer until somebody starts it again.
playbook-service-was-down = { $service } does not run now: a restart starts it.
