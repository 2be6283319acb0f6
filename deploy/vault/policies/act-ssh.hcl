# One operation of client "$client": it may have one key signed, for principal "$principal"
# and no other. How long the certificate lasts at most is written in the role.
path "ssh-$client/sign/$role" {
  capabilities        = ["update"]
  required_parameters = ["cert_type", "key_id", "public_key", "ttl", "valid_principals"]
  allowed_parameters = {
    "cert_type"        = ["user"]
    "key_id"           = []
    "public_key"       = []
    "ttl"              = []
    "valid_principals" = ["$principal"]
  }
}
