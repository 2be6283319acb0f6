# The worker mints child tokens by the token roles of the plan (below, one by one), ends
# and watches them, and signs the audit. Nothing else: no policy, role or entity, and no
# secret that a child token would read.
path "auth/token/revoke-accessor" {
  capabilities = ["update"]
}
path "auth/token/lookup-accessor" {
  capabilities = ["update"]
}
path "transit/sign/tandem-audit" {
  capabilities = ["update"]
}
path "transit/verify/tandem-audit" {
  capabilities = ["update"]
}
path "transit/keys/tandem-audit" {
  capabilities = ["read"]
}
