provider "aws" {
  region = var.region

  # Null is AWS itself.
  endpoints {
    ec2 = var.aws_endpoint
    iam = var.aws_endpoint
    sts = var.aws_endpoint
  }
}
