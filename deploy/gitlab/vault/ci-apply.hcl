# A pipeline job of acme/infra may ask Vault who it is, and nothing else.
path "identity/oidc/token/ci-apply-acme-production" {
  capabilities = ["read"]
}
