### What is said about deployments: clients' own playbooks.

## bot/flow/repository.py
deploy-not-text = { $path } is no text. A deployment carries text files only; let the host fetch what is built elsewhere.

## bot/outbound/ansible/foreign.py: why a playbook may not run, with file and line.
deploy-unfit-place = { $file } stands where nothing of a playbook is expected, or is missing. Tasks belong in tasks/ or handlers/, variables in group_vars/, a role's in defaults/ or vars/, files in files/, templates in templates/.
deploy-unfit-plugin = { $file } would be code or settings for Tandem's own machine. A deployment brings no plugins, modules, collections or ansible.cfg.
deploy-unfit-yaml = { $file }, line { $line }: this is not read: { $what }. Aliases, tags such as !vault and repeated keys are not taken.
deploy-unfit-hosts = { $file }, line { $line }: the play is for “{ $what }”. Each play of a deployment is for the one host: hosts: target.
deploy-unfit-word = { $file }, line { $line }: “{ $what }” may not stand here: it could act elsewhere than on the host, or is not known.
deploy-unfit-module = { $file }, line { $line }: “{ $what }” is not one of the modules of ansible.builtin that a deployment may use.
deploy-unfit-argument = { $file }, line { $line }: write the arguments as a mapping, each by its name, and none of Ansible's own: “{ $what }”.
deploy-unfit-literal = { $file }, line { $line }: “{ $what }” must be written out and name something of the playbook's own folder; no template, no path out of it.
deploy-unfit-name = { $file }, line { $line }: “{ $what }” is no name for a variable, or one of Ansible's own, which say where and how it acts.
deploy-unfit-check = { $file }, line { $line }: check_mode “{ $what }” would run the task while it is only looked at, before anybody decides.
deploy-unfit-template = { $file }, line { $line }: this template is not understood, or not allowed: “{ $what }”.
deploy-unfit-function = { $file }, line { $line }: “{ $what }” may not be used in a template: it would be evaluated on Tandem's own machine.
deploy-unfit-dependency = { $file }, line { $line }: a role here has no “{ $what }”: all that is run stands in the deployment's folder.

## playbooks/ansible/deploy.py
playbook-deploy-fact-deployed = Deployed now
playbook-deploy-fact-commit = Commit
playbook-deploy-fact-title = It says
playbook-deploy-fact-files = Files
playbook-deploy-healthy = Answers
playbook-deploy-steady = A second check changes nothing
playbook-deploy-not-merged = Commit { $commit } is not on the default branch: nobody may have reviewed it.
playbook-deploy-untried = This playbook cannot be tried beforehand, so nothing shows what it would change.
playbook-deploy-shows-nothing = The check shows no change. Commands and scripts are not tried by a check.
playbook-deploy-other-files = The files of { $folder } at { $commit } are not the ones that were approved. Nothing was done.
playbook-deploy-unsteady = It ran, and a second check would change something again: { $call }. A playbook that is done changes nothing.
