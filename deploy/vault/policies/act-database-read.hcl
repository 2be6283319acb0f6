# One operation of client "$client": it may have one user made on a database server, which
# may only ask there whether names are taken. The user is dropped with this token.
path "database-$client/creds/$role" {
  capabilities = ["read"]
}
