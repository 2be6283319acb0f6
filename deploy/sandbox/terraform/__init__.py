"""
Terraform for the sandbox: the real one where it is there, a stand-in where it is not.

`toolchain` chooses and wires one of them for the jobs of the pipeline; `seed` makes the
clients' instances exist before the first plan. Everything else here is the stand-in: a
small program named `terraform` that evaluates a subset of the language for real, reads
the real state of the cloud, and refuses by file and line whatever it does not evaluate.
"""
