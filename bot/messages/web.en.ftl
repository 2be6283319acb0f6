### What is said about sites of a host's nginx.

website-no-nginx = The catalog does not say that { $host } has an nginx whose sites may be changed. Please ask the provider to add it (web:).
website-not-served = { $domain } is not one of the domains of { $host }. These are, with the names below them: { $known }.

## playbooks/ansible/vhost.py

playbook-vhost-fact-vhost = Virtual host there
playbook-vhost-fact-answers = nginx answers for it
playbook-vhost-fact-https = With HTTPS
playbook-vhost-fact-folder = Folder of its pages
playbook-vhost-not-ours = { $host } has a file in this place that Tandem did not make for { $domain }. It was left alone; please ask the provider.
playbook-vhost-no-answer = nginx does not answer on { $host }, so nobody could see whether it takes the change. Please start it first. Nothing was done.
playbook-vhost-there-already = { $host } has the virtual host { $domain } already. Nothing was done.
playbook-vhost-not-there = { $host } has no virtual host { $domain } that Tandem made. Nothing was done.
playbook-vhost-will-go = { $host } will no longer answer for { $domain }. The folder of its pages stays.
playbook-vhost-key-will-go = Its key and its certificate are deleted too. After the way back, ask for new ones: /infra cert install { $domain } on { $host }.

## playbooks/ansible/cert.py

playbook-cert-fact-now = Certificate
playbook-cert-fact-serial = Serial
playbook-cert-fact-authority = Authority, and until when
playbook-cert-fact-checked = Handshake made from
playbook-cert-not-vhost = { $host } has no virtual host { $domain } that Tandem made. Ask for that first: /infra vhost add { $domain } on { $host }.
playbook-cert-not-openssl = { $host } has no openssl command, by which certificates are looked at. Please ask the provider to install it. Nothing was done.
playbook-cert-nothing-to-renew = { $domain } has no certificate yet on { $host }. Ask for one: /infra cert install { $domain } on { $host }.
playbook-cert-of-another = The certificate of { $domain } is not from the authority that would issue now. To replace it: /infra cert install { $domain } on { $host }.
playbook-cert-there-already = { $domain } has a good certificate of this authority, until { $until }. For another one: /infra cert renew { $domain } on { $host }.
playbook-cert-will-replace = The present certificate is replaced, and its key deleted.
playbook-cert-issued = The authority has issued the certificate { $serial }.
playbook-cert-shows-other = On port { $port } { $host } does not show the new certificate for { $domain }: { $reason }.
