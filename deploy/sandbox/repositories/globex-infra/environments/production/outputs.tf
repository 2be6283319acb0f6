output "shop_instance_id" {
  description = "Instance id of the shop's server."
  value       = aws_instance.shop_1.id
}
