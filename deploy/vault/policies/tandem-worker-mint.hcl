# The display name tells client and action apart where the role's name cannot: "a-b" + "c"
# and "a" + "b-c" share one. "meta" is required, so no loan is without its operation.
path "auth/token/create/$role" {
  capabilities        = ["update"]
  required_parameters = ["display_name", "entity_alias", "meta", "policies", "ttl"]
  allowed_parameters = {
    "display_name" = ["$client/$action"]
    "entity_alias" = ["$role"]
    "policies"     = [["$role"]]
    "renewable"    = [false]
    "meta"         = []
    "ttl"          = []
  }
}
