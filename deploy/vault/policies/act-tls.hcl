# One operation of client "$client", action "$action": it may also have a key certified,
# for one of the domains that the role lists. No other name, address or lifetime can be
# asked for beside it.
path "pki-$client/issue/$role" {
  capabilities        = ["update"]
  required_parameters = ["common_name"]
  allowed_parameters = {
    "common_name" = []
  }
}
