ami = "ami-0c0ffee0c0ffee000" # Debian 12, hardened, 2026-10
