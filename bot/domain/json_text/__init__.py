"""
JSON edited byte for byte: one value changed or one key put in, all else kept.

`edit.set_value` is the public face. For Chef environments, roles, data bags and
attributes, and whatever else is JSON; comments, which Chef allows, stay. Reads no disk.
"""
