# Globex, production: the shop.
#
# The database is not here: Claranet's database team runs it (see README.md).

resource "aws_instance" "shop_1" {
  ami           = var.ami
  instance_type = "t3.large" # sized for the sales in November

  tags = {
    Client      = "globex"
    Environment = "production"
    Name        = "shop-1"
  }

  lifecycle {
    # The shop is alone: a new image is a planned move, not a side effect.
    ignore_changes  = [ami]
    prevent_destroy = true
  }
}
