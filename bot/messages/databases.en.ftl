### What is said about database servers, and when a password is handed over.

## playbooks/databases/new_database.py

playbook-new-database-title = Create the database { $database } on { $server }
playbook-new-database-other-engine = { $server } runs { $engine }; this command is for { $wanted }. /infra list shows your servers.
playbook-new-database-fact-engine = Server
playbook-new-database-fact-database = Database
playbook-new-database-fact-user = User
playbook-new-database-fact-host = May connect from
playbook-new-database-fact-rights = Rights of the user
playbook-new-database-reserved = { $name } is a name that servers and tools keep for themselves. Please choose another.
playbook-new-database-database-there = There is a database { $name } on { $server } already; nothing of it was touched. Please choose another name.
playbook-new-database-user-there = There is a user { $name } on { $server } already, and a user belongs to one database. Please name another: user=…
playbook-new-database-open = These databases of { $server } let in everybody, so the new user too: { $names }.
playbook-new-database-undo = There is no way back by a command: what is put into a database would be lost with it. Please ask the provider to drop it.
playbook-new-database-missing = The server does not show the database { $database } with its user { $user }.
playbook-new-database-other-rights = The user { $user } has other rights than it should: { $rights }.
playbook-new-database-what = the password of { $user } for the database { $database } on { $server }, { $address } port { $port }

## What a server says no to (bot/outbound/databases)

database-name = { $server } does not allow one of the names { $database } and { $user }; nothing was made.
database-there = There is something named { $database } or { $user } on { $server } already; nothing of it was touched.
database-other = { $server } has noted something else for this operation, or it is too long ago to go on. Please ask the provider to look at the server.
database-unknown = Nothing can be made on { $server } yet: Vault has no way into it. Please ask the provider to set it up as deploy/databases describes.
database-forbidden = { $server } does not let Tandem do that. Please ask the provider to install what deploy/databases describes on it.

## A secret for one person (bot/flow/run.py)

text-exact = { $text }

handover-told =
    Here is { $what }, wrapped by Vault: whoever opens this token first gets it, once. Please open it before { $until } and pass it on to nobody.
    Token: { $token }
    On your machine: { $line } (or the same with vault). It asks for nothing else. Or paste the token in Vault's own page, under Tools, Unwrap.
    If Vault says before { $until } that the token is not valid, somebody else has opened it: tell the provider's on-call at once, so that the password is changed. If the time ran out, ask them too.
handover-nobody = There is nobody of that name to write to any more, so the password was handed to no one. Please ask the provider to change it.

event-handover-made = Handed to { $to } by direct message, to be opened once before { $until }: { $what }
