"""
Terraform source edited byte for byte, and Terraform plans read and guarded.

`edit.set_attribute` changes one value where git decides it, `plan.read_plan` reads what
Terraform would do, `guard.guard` says whether that is what was intended. All pure.
"""
