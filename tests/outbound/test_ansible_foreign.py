"""A client's own playbook: what of it may run, and what is refused with its line."""

from __future__ import annotations

import pytest

from bot.outbound.ansible.foreign import laid_out
from bot.outbound.ansible.foreign_text import check_expression, check_template
from bot.outbound.ansible.unfit import UnfitError

PLAY = "- hosts: target\n  tasks:\n"


def reason_of(files, entry="site.yml"):
    """Return reason and line of what is wrong with the playbook; None if nothing is."""
    try:
        laid_out(tuple(files.items()), entry=entry)
    except UnfitError as error:
        return error.reason.value, error.line
    return None


def site(tasks):
    return {"site.yml": PLAY + tasks}


ORDINARY = {
    "site.yml": """\
- name: Deploy
  hosts: target
  gather_facts: true
  become: true
  vars:
    root: /srv/shop
    release: "{{ root }}/{{ deploy_commit | default('x') }}"
  pre_tasks:
    - ansible.builtin.assert:
        that:
          - release is defined
          - root | length > 1
        fail_msg: "no {{ root }}"
  roles:
    - web
    - role: web
      vars: {port: 80}
      when: root != '/'
  tasks:
    - name: Folders of {{ root }}
      file: {path: "{{ item.path }}", state: directory}
      loop: "{{ [{'path': root}] + (more | default([])) }}"
      loop_control: {label: "{{ item.path }}", loop_var: item}
      register: made
      notify: reload
    - command: ls -l {{ root }}
      args: {chdir: /, creates: /x}
      changed_when: false
      failed_when: made.rc is defined and made.rc not in [0, 1]
      when: made is changed
    - shell: {cmd: "echo {{ root | quote }} | tee /dev/null"}
    - template: {src: index.html.j2, dest: "{{ root }}/index.html"}
    - copy: {src: logo.svg, dest: "{{ root }}/logo.svg"}
    - copy: {content: "{{ root }}", dest: /tmp/x}
    - copy: {src: "{{ root }}/a", dest: /tmp/x, remote_src: true}
    - unarchive: {src: /tmp/x.tgz, dest: "{{ root }}", remote_src: yes}
    - uri: {url: "http://127.0.0.1/"}
      until: answer.status == 200
      retries: 3
      register: answer
    - include_tasks: more.yml
    - import_tasks: {file: tasks/more.yml}
    - include_role: {name: web, tasks_from: main}
    - set_fact: {where: "{{ ansible_facts['hostname'] }}"}
    - debug: {var: "where.split('.')[0]"}
    - meta: flush_handlers
    - ping:
    - block:
        - fail: {msg: no}
      rescue:
        - debug: {msg: "{{ ansible_failed_result.msg }}"}
      always:
        - stat: {path: /x}
          check_mode: true
      when: [root is defined, true]
  handlers:
    - name: reload
      service: {name: nginx, state: reloaded}
      listen: reload
""",
    "more.yml": "---\n",
    "tasks/more.yml": "- ping:\n",
    "handlers/none.yml": "",
    "group_vars/all.yml": "colour: blue\nconnection: {delegate_to: x}\n",
    "group_vars/none.yml": "",
    "roles/web/tasks/main.yml": "- template: {src: site.j2, dest: /x}\n",
    "roles/web/defaults/main.yml": "port: 8080\n",
    "roles/web/templates/site.j2": "{% for p in [port] %}{{ p }}{% endfor %}\n",
    "roles/web/meta/main.yml": "dependencies: []\n",
    "roles/web/meta/empty.yml": "",
    "templates/index.html.j2": "{{ root | upper }} {# #}",
    "files/logo.svg": "{{ not a template }}",
    "requirements.yml": "collections: [x.y]",
    "README.md": "# hello",
}


def test_an_ordinary_playbook_runs_with_exactly_its_own_parts():
    kept = dict(laid_out(tuple(ORDINARY.items()), entry="site.yml"))

    left = {"README.md", "requirements.yml"}
    left |= {"roles/web/meta/main.yml", "roles/web/meta/empty.yml"}
    assert kept == {name: text for name, text in ORDINARY.items() if name not in left}


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        # elsewhere than on the host
        ("    - ping:\n      delegate_to: localhost\n", ("word", 4)),
        ("    - ping:\n      connection: local\n", ("word", 4)),
        ("    - local_action: ping\n", ("module", 3)),
        ("    - action: ping\n", ("module", 3)),
        ("    - add_host: {name: x}\n", ("module", 3)),
        ("    - group_by: {key: x}\n", ("module", 3)),
        ("    - script: run.sh\n", ("module", 3)),
        ("    - raw: id\n", ("module", 3)),
        ("    - fetch: {src: /x, dest: /y}\n", ("module", 3)),
        ("    - pause:\n", ("module", 3)),
        ("    - include_vars: x.yml\n", ("module", 3)),
        ("    - community.general.ini_file: {path: /x}\n", ("module", 3)),
        ("    - name: nothing\n", ("module", 3)),
        ("    - ping:\n      shell: id\n", ("word", 4)),
        ("    - ping:\n      with_pipe: id\n", ("word", 4)),
        ("    - ping:\n      with_file: /etc/passwd\n", ("word", 4)),
        ("    - ping:\n      async: 10\n", ("word", 4)),
        ("    - ping:\n      become_exe: /x\n", ("word", 4)),
        ("    - ping:\n      module_defaults: {}\n", ("word", 4)),
        ("    - ping:\n      debugger: always\n", ("word", 4)),
        ("    - meta: refresh_inventory\n", ("literal", 3)),
        # variables that say where and how
        ("    - ping:\n      vars: {ansible_connection: local}\n", ("name", 4)),
        ("    - set_fact: {ansible_host: other}\n", ("name", 3)),
        ("    - set_fact: {inventory_hostname: other}\n", ("name", 3)),
        ("    - set_fact: {deploy_commit: other}\n", ("name", 3)),
        ("    - set_fact: ansible_connection=local\n", ("argument", 3)),
        ("    - set_fact: '{{ x }}'\n", ("argument", 3)),
        ("    - set_fact: {'{{ x }}': local}\n", ("template", 3)),
        ("    - ping:\n      register: ansible_connection\n", ("name", 4)),
        (
            "    - ping:\n      loop: [a]\n      loop_control: {loop_var: ansible_x}\n",
            ("name", 5),
        ),
        (
            "    - ping:\n      loop: [a]\n      loop_control: {break_when: x}\n",
            ("word", 5),
        ),
        (
            "    - block: [{ping: }]\n      vars: {ansible_user: x}\n",
            ("name", 4),
        ),
        ("    - block: [{ping: }]\n      delegate_to: x\n", ("word", 4)),
        # what is read on the worker
        ("    - copy: {src: /etc/passwd, dest: /x}\n", ("literal", 3)),
        ("    - copy: {src: ../../id, dest: /x}\n", ("literal", 3)),
        ("    - copy: {src: ~/x, dest: /x}\n", ("literal", 3)),
        ("    - copy: {src: a//b, dest: /x}\n", ("literal", 3)),
        ("    - copy: {src: '{{ x }}', dest: /x}\n", ("literal", 3)),
        ("    - copy: {src: [a], dest: /x}\n", ("literal", 3)),
        ("    - copy: {src: /x, dest: /x, remote_src: '{{ x }}'}\n", ("literal", 3)),
        ("    - copy: src=/etc/passwd dest=/x\n", ("argument", 3)),
        ("    - unarchive: {src: x.tgz, dest: /x}\n", ("literal", 3)),
        ("    - uri: {url: 'http://x', src: /etc/passwd}\n", ("literal", 3)),
        ("    - template: {src: /etc/passwd, dest: /x}\n", ("literal", 3)),
        ("    - template: {src: gone.j2, dest: /x}\n", ("literal", 3)),
        ("    - template: {src: files/a, dest: /x}\n", ("literal", 3)),
        ("    - template: {dest: /x}\n", ("literal", 3)),
        (
            "    - template: {src: a, dest: /x, variable_start_string: '[['}\n",
            ("word", 3),
        ),
        ("    - include_tasks: /etc/passwd\n", ("literal", 3)),
        ("    - include_tasks: files/a.yml\n", ("literal", 3)),
        ("    - include_tasks: '{{ x }}.yml'\n", ("literal", 3)),
        ("    - include_tasks: {}\n", ("literal", 3)),
        ("    - include_tasks: {file: a.yml, apply: {}}\n", ("word", 3)),
        ("    - include_role: {name: ../x}\n", ("literal", 3)),
        ("    - include_role: {name: gone}\n", ("literal", 3)),
        ("    - include_role: {}\n", ("literal", 3)),
        ("    - include_role: {name: x, tasks_from: ../y}\n", ("literal", 3)),
        ("    - command: {_raw_params: id}\n", ("argument", 3)),
        ("    - command: id\n      args: {_uses_shell: true}\n", ("word", 4)),
        # before anybody decided
        ("    - command: id\n      check_mode: false\n", ("check", 4)),
        ("    - command: id\n      check_mode: '{{ x }}'\n", ("check", 4)),
        ("    - block: [{command: id}]\n      check_mode: no\n", ("check", 4)),
        # what is evaluated on the worker
        ("    - debug: {msg: \"{{ lookup('pipe', 'id') }}\"}\n", ("function", 3)),
        ("    - ping:\n      name: \"{{ query('env', 'X') }}\"\n", ("function", 4)),
        ("    - ping:\n      when: lookup('pipe', 'id')\n", ("function", 4)),
        ("    - ping:\n      when: [true, \"q('pipe', 'id')\"]\n", ("function", 4)),
        ('    - ping:\n      when: "{{ x }}"\n', ("template", 4)),
        ("    - ping:\n      when: {a: b}\n", ("word", 4)),
        ("    - ping:\n      until: \"'{{ x }}' == x\"\n", ("template", 4)),
        ("    - assert: {that: \"lookup('file', '/x')\"}\n", ("function", 3)),
        ("    - debug: {var: \"lookup('file', '/x')\"}\n", ("function", 3)),
        # not one plain document
        ("    - debug: &a {msg: x}\n    - debug: *a\n", ("yaml", 4)),
        ("    - debug: {msg: !vault x}\n", ("yaml", 3)),
        ("    - debug: {msg: !!python/name:os.system x}\n", ("yaml", 3)),
        ("    - ping:\n      ping:\n", ("yaml", 4)),
        ("    - ? [a]\n      : b\n", ("yaml", 3)),
        ("    - {ping: \n", ("yaml", 4)),
        ("    - just words\n", ("word", 3)),
    ],
)
def test_what_could_act_elsewhere_is_refused_with_its_line(task, reason):
    files = {**site(task), "files/a": "x", "tasks/more.yml": "- ping:\n"}
    files["roles/x/tasks/main.yml"] = "- ping:\n"

    assert reason_of(files) == reason


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        ("- hosts: all\n  tasks: []\n", ("hosts", 1)),
        ("- hosts: [target]\n", ("hosts", 1)),
        ("- name: none\n", ("hosts", 1)),
        ("- hosts: target\n- hosts: localhost\n", ("hosts", 2)),
        ("- hosts: target\n  connection: local\n", ("word", 2)),
        ("- hosts: target\n  vars_files: [x]\n", ("word", 2)),
        ("- hosts: target\n  vars_prompt: [x]\n", ("word", 2)),
        ("- hosts: target\n  strategy: free\n", ("word", 2)),
        ("- hosts: target\n  collections: [x.y]\n", ("word", 2)),
        ("- hosts: target\n  vars: {ansible_connection: local}\n", ("name", 2)),
        ("- hosts: target\n  vars: {'<<': {ansible_host: x}}\n", ("name", 2)),
        ("- hosts: target\n  roles: [gone]\n", ("literal", 2)),
        ("- hosts: target\n  roles: [{role: x, delegate_to: y}]\n", ("word", 2)),
        ("- hosts: target\n  roles: [{tags: y}]\n", ("literal", 2)),
        ("- hosts: target\n  roles: x\n", ("word", 2)),
        ("- import_playbook: other.yml\n", ("word", 1)),
        ("hosts: target\n", ("word", 1)),
        ("- hosts: target\n---\n- hosts: target\n", ("yaml", 2)),
        ("\x00", ("yaml", 1)),
        ("[" * 3000, ("yaml", 1)),
    ],
)
def test_a_play_for_anything_but_the_one_host_is_refused(play, reason):
    files = {"site.yml": play, "roles/x/tasks/main.yml": "- ping:\n"}

    assert reason_of(files) == reason


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("library/copy.py", "", ("plugin", 1)),
        ("action_plugins/copy.py", "", ("plugin", 1)),
        ("filter_plugins/x.py", "", ("plugin", 1)),
        ("roles/x/library/copy.py", "", ("plugin", 1)),
        ("roles/x/lookup_plugins/y.py", "", ("plugin", 1)),
        ("collections/ansible_collections/a/b/plugins/x.py", "", ("plugin", 1)),
        ("ansible.cfg", "[defaults]", ("plugin", 1)),
        ("roles/x/tasks/main.json", "[]", ("place", 1)),
        ("tasks/main.py", "", ("place", 1)),
        ("sub/dir/x.yml", "- ping:", ("place", 1)),
        ("roles/x/meta/main.yml", "dependencies: [other]", ("dependency", 1)),
        ("roles/x/meta/main.yml", "\ncollections: [a.b]", ("dependency", 2)),
        ("group_vars/all.yml", "a: 1\nansible_host: x\n", ("name", 2)),
        ("group_vars/all/x.yml", "a: \"{{ lookup('pipe', 'id') }}\"", ("function", 1)),
        ("roles/x/defaults/main.yml", "ansible_connection: local", ("name", 1)),
        ("roles/x/vars/main.yml", "- a", ("word", 1)),
        ("tasks/x.yml", "- ping:\n  delegate_to: x\n", ("word", 2)),
        ("more.yml", "- local_action: ping\n", ("module", 1)),
        ("more.yml", "- hosts: localhost\n", ("hosts", 1)),
        ("more.yml", "a: b\n", ("word", 1)),
        ("more.yml", "[]\n", None),
        ("templates/x.j2", "a\n{{ lookup('file', '/x') }}", ("function", 2)),
        ("templates/x.j2", "#jinja2: variable_start_string:'[['\n", ("template", 1)),
        ("templates/x.j2", "{% include '/etc/passwd' %}", ("template", 1)),
        ("roles/x/templates/y", "{{ '/*' | fileglob }}", ("function", 1)),
        ("files/x.py", "{{ lookup('file', '/x') }}", None),
    ],
)
def test_a_file_beside_the_playbook_is_held_to_the_same(path, text, reason):
    assert reason_of({**site("    - ping:\n"), path: text}) == reason


def test_a_playbook_whose_first_file_is_missing_is_refused():
    assert reason_of({"tasks/main.yml": "- ping:\n"}) == ("place", 1)


@pytest.mark.parametrize(
    "text",
    [
        "{{ query('env', 'HOME') }}",
        "{% set range = lookup %}{{ range('pipe', 'id') }}",
        "{{ dict(get=lookup).get('pipe', 'id') }}",
        "{{ (lookup)('pipe', 'id') }}",
        "{{ x('id') }}",
        "{{ x[0]('id') }}",
        "{{ ['/*'] | map('fileglob') | list }}",
        "{{ ['/*'] | map(name) | list }}",
        "{{ ['/*'] | map(*names) | list }}",
        "{{ ['/*'] | map(**names) | list }}",
        "{{ ['/x'] | select('file') | list }}",
        "{{ [{}] | selectattr('a', 'exists') | list }}",
        "{{ '/x' is file }}",
        "{{ '/x' is exists }}",
        "{{ '~' | expanduser }}",
        "{{ '$HOME' | expandvars }}",
        "{{ x | ansible.builtin.realpath }}",
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ '' | attr('__class__') }}",
        "{{ lipsum.__globals__ }}",
        "{{ '{{ lookup() }}' }}",
        "{% import 'x' as y %}",
        "{% macro x() %}{% endmacro %}",
        "{% extends 'x' %}",
        "{{ x",
        "{{ " + "(" * 2000 + ")" * 2000 + " }}",
        "{{ x }}" + " " * 100_000,
    ],
)
def test_a_template_that_does_more_than_compute_is_refused(text):
    with pytest.raises(UnfitError):
        check_template(text, file="x", line=1)


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "{{ x | ansible.builtin.map('upper') | list }}",
        "{{ x | map(attribute='a') | list }}",
        "{{ x | selectattr('a', 'equalto', 1) | rejectattr('b') | list }}",
        "{{ x | regex_replace('^a(.*)$', '\\\\1') }}",
        "{{ now().strftime('%Y') ~ range(3) | list | join(',') }}",
        "{% raw %}{{ anything }}{% endraw %}",
        "{% set a = 1 %}{% if a > 0 %}{{ a }}{% endif %}",
    ],
)
def test_a_template_that_computes_is_let_through(text):
    check_template(text, file="x", line=1)


def test_an_expression_that_would_close_its_own_braces_is_refused():
    with pytest.raises(UnfitError):
        check_expression("x }} text", file="x", line=1)


def test_what_is_wrong_is_shown_in_one_short_line():
    files = site("    - '" + "x" * 100 + "\u202e': y\n")

    with pytest.raises(UnfitError) as unfit:
        laid_out(tuple(files.items()), entry="site.yml")

    assert len(unfit.value.what) == 60
    assert unfit.value.what.isprintable()
