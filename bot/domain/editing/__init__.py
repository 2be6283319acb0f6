"""
What editing a client's files comes to, whatever their language.

`edit.Edit` is one changed value in one file; `refusal` says why there is none. How a
file is read and changed is for `terraform`, `yaml_text` and `json_text`.
"""
