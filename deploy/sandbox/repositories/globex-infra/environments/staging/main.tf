# Globex, staging: the shop with made-up orders.

locals {
  size = "t3.small"
}

resource "aws_instance" "shop_staging" {
  ami           = var.ami
  instance_type = local.size

  tags = {
    Client      = "globex"
    Environment = "staging"
    Name        = "shop-staging"
  }
}
