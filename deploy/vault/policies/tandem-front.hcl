# The front talks to Slack. It holds a token only to show that it is who it is; it can
# mint nothing, read nothing and sign nothing.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
