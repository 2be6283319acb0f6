"""
YAML edited byte for byte: one scalar changed; comments, quotes and anchors kept.

`edit.set_value` is the public face. For Ansible's variables: a value is read as YAML
1.1, as Ansible does, and a text that is written never becomes a template. What looks
like Jinja is refused, not tagged `!unsafe`: that tag would turn the file into one that
only Ansible can load. Reads no disk.
"""
