# One operation of client "$client": it may have one user made on a database server, which
# may call one procedure there that makes a database. The user is dropped with this token.
path "database-$client/creds/$role" {
  capabilities = ["read"]
}
# The new password leaves as a token that opens it once. What is wrapped is only what the
# operation has itself: Vault's own secrets are no nearer.
path "sys/wrapping/wrap" {
  capabilities     = ["update"]
  min_wrapping_ttl = "1m"
  max_wrapping_ttl = "1h"
}
