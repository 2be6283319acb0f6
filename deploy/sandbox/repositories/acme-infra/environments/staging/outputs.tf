output "web_instance_id" {
  description = "Instance id of the web server."
  value       = aws_instance.web_staging.id
}
