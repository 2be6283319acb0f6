### What playbooks/aws/ec2_power.py says while it looks, acts and checks.

playbook-ec2-power-fact-instance = Instance
playbook-ec2-power-fact-state = State now
playbook-ec2-power-fact-launched = Last launched
playbook-ec2-power-fact-address = Public address
playbook-ec2-power-fact-pool = Behind the load balancer
playbook-ec2-power-no-instance = AWS has no such instance in this account and region. Please ask the provider to correct the catalog.
playbook-ec2-power-pointless = { $power ->
    [start] It is { $state } now, so there is nothing to start. Nothing was done.
    [stop] It is { $state } now, so there is nothing to stop. Nothing was done.
   *[restart] It is { $state } now, so it cannot be restarted. Nothing was done.
 }
playbook-ec2-power-last-healthy = It is the last healthy one behind the load balancer { $pool }: without it nobody is served. Please bring another one up first. Nothing was done.
playbook-ec2-power-address-changes = Its public address { $address } is given back when it stops; it gets another one when it is started again.
playbook-ec2-power-store-lost = This type can have local disks (instance store): what is on those is lost when it stops.
playbook-ec2-power-start-asked = AWS was asked to start it.
playbook-ec2-power-stop-asked = AWS was asked to stop it.
playbook-ec2-power-restart-asked = AWS was asked to restart it.
playbook-ec2-power-other-state = It is { $state }, not { $wanted }.
playbook-ec2-power-impaired = It runs, but EC2's checks of it do not pass. Please look at it with the provider.
