# One operation of client "$client", action "$action": it may read one GitLab token.
path "kv/data/gitlab/$client/$purpose" {
  capabilities = ["read"]
}
