"""
The sandbox's AWS: moto behind a door that checks every call as IAM would.

moto keeps the state (EC2, RDS, IAM). This package owns what moto does not do: whether
the signature is right, whether role, session policy and conditions allow every
resource of the call, web identity with verified tokens, sessions that end, a few rules
of state that matter to operations, a ledger of effects, faults on demand, and a world
that is the same after `kill -9`. It answers as AWS answers, codes included.
"""
