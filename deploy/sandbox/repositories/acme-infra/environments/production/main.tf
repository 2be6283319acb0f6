# Acme, production: the web servers behind the load balancer.
#
# The databases are not here: Claranet's database team runs them (see README.md).

locals {
  tags = {
    Client      = "acme"
    Environment = "production"
  }

  # One line a server. A new size stops that server for a minute: one at a time.
  web_servers = {
    "web-1" = { instance_type = "t3.medium" }
    "web-2" = { instance_type = "t3.medium" }
  }
}

resource "aws_instance" "web" {
  for_each = local.web_servers

  ami           = var.ami
  instance_type = each.value.instance_type

  tags = merge(local.tags, { Name = each.key })
}

# What the shop's customers have sent in. Disks only grow.
resource "aws_ebs_volume" "uploads" {
  availability_zone = "eu-west-3a"
  type              = "gp3"
  size              = 40 # GiB
  encrypted         = true

  tags = merge(local.tags, { Name = "uploads" })
}
