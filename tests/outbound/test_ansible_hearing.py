"""What is heard of a play is the same each time that the same would be done."""

from __future__ import annotations

from bot.outbound.ansible.hearing import Hearing


def heard(draft, **result):
    """Return the diff of a new file whose draft lies in this folder of ours."""
    hearing = Hearing(host="web-host", secrets=())
    diff = {"before": "", "after": "new\n", "after_header": f"{draft}/vhost.conf.j2"}
    data = {"host": "web-host", "task": "Write it"}
    data["res"] = {"changed": True, "diff": [diff], **result}
    hearing.hear({"event": "runner_on_ok", "event_data": data})
    return hearing.diff


def test_a_new_file_s_diff_does_not_name_the_draft_s_folder():
    first, again = heard("/dev/shm/a1"), heard("/dev/shm/b2")  # noqa: S108 - only words

    assert first == again
    assert "+new" in first
    assert "a1" not in first


def test_it_names_the_file_where_ansible_does():
    assert "+++ /etc/nginx/x.conf" in heard("/tmp/a1", dest="/etc/nginx/x.conf")  # noqa: S108 - as above
