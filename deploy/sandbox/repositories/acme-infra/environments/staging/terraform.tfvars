ami           = "ami-0c0ffee0c0ffee000" # Debian 12, hardened, 2026-10
instance_type = "t3.small"              # enough for one tester at a time
