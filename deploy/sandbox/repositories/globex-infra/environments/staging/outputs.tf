output "shop_instance_id" {
  description = "Instance id of the shop's staging server."
  value       = aws_instance.shop_staging.id
}
