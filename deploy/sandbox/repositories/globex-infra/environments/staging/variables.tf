variable "region" {
  description = "AWS region of the platform."
  type        = string
  default     = "eu-west-3"
}

variable "aws_endpoint" {
  description = "Where AWS answers, if not at AWS."
  type        = string
  default     = null
}

variable "ami" {
  description = "Image of the servers; a new one replaces them."
  type        = string
}
