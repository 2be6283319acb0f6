# One operation of client "$client", action "$action": it may ask Vault who it is.
# AWS decides what that identity may do, by the role's trust and the session policy.
path "identity/oidc/token/$role" {
  capabilities = ["read"]
}
