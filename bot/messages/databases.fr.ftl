playbook-new-database-title = Créer la base { $database } sur { $server }
playbook-new-database-other-engine = { $server } fait tourner { $engine } ; cette commande est pour { $wanted }. /infra list montre vos serveurs.
