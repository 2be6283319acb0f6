# Acme, staging: one web server, as large as the tests of the week need it.

locals {
  name = "web-${var.environment}"
}

resource "aws_instance" "web_staging" {
  ami           = var.ami
  instance_type = var.instance_type

  tags = {
    Client      = "acme"
    Environment = var.environment
    Name        = local.name
  }
}
