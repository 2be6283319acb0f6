"""The one value that a change sets, in whatever language its file is written."""

import pytest

from bot.domain.change import SetValue
from bot.domain.editing.setting import edited, value_now
from bot.domain.errors import Refused

FILES = {
    "p/x.tfvars": b"workers = 4 # why\n",
    "web.yml": b"workers: 4 # why\n",
    "web.json": b'{ "workers": 4 }\n',
}
FORMATS = {"p/x.tfvars": "hcl", "web.yml": "yaml", "web.json": "json"}


def wanted(file, **more):
    whole = {"file": file, "format": FORMATS[file], "path": ("workers",), "value": 8}
    return SetValue.model_validate(whole | more)


@pytest.mark.parametrize("file", FILES)
def test_a_value_is_set_and_then_is_what_stands_there(file):
    before = value_now(FILES, wanted(file))

    edit = edited(FILES, wanted(file))

    assert (before, edit.old_value, edit.new_value) == (4, 4, 8)
    assert edit.after == FILES[file].replace(b"4", b"8")
    assert value_now({file: edit.after}, wanted(file)) == 8


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("do", [edited, value_now])
def test_a_file_that_is_not_there_is_told_by_its_name(do, file):
    others = {name: text for name, text in FILES.items() if name != file}

    with pytest.raises(Refused) as caught:
        do(others, wanted(file))

    assert caught.value.message.key == "refused.editing-no-file"
    assert caught.value.message.args["file"] == file


@pytest.mark.parametrize(
    ("file", "folder", "planned"), [("p/x.tfvars", "p", True), ("web.yml", ".", False)]
)
def test_only_terraform_says_beforehand_what_a_value_does(file, folder, planned):
    assert (wanted(file).directory, wanted(file).planned) == (folder, planned)
