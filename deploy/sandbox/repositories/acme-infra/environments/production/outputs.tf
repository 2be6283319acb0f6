output "web_instance_ids" {
  description = "Instance id of each web server, by name."
  value       = { for name, server in aws_instance.web : name => server.id }
}
