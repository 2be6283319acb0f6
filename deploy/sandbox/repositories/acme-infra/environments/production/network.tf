# Acme, production: what may reach what. One resource a rule.
#
# The groups themselves are not here: Claranet's network team runs them (see README.md).

data "aws_security_group" "shop_front" {
  tags = { Client = "acme", Name = "shop-front" }
}

data "aws_security_group" "load_balancer" {
  tags = { Client = "acme", Name = "load-balancer" }
}
