"""The input files of the apps: their names and contents."""

ANSIBLE_PLAYBOOK = {
    "play.yml": """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Copy
      copy: {content: "Hello, {{ item }}\\n", dest: "{{ playbook_dir }}/{{ item }}.txt"}
      loop: [you, me]
    - name: Start
      command: {cmd: cat me.txt you.txt, chdir: "{{ playbook_dir }}"}
      register: started
    - name: Show
      debug: {var: started.stdout_lines}
    - name: Fail
      assert: {that: 'started.stdout == "Goodbye"'}
""",
}

BADLY_FORMATTED = {
    "broken.py": "def (:\n",
    **{f"module_{number}.py": "x = {  'a':1 }\n" for number in range(4)},
}

CELERY_TASKS = {
    "tasks.py": """\
import os
from celery import Celery

for name in ("queue", "control", "results"):
    os.makedirs(name, exist_ok=True)
app = Celery("tasks", broker="filesystem://", backend="file://" + os.path.abspath("results"))
app.conf.broker_transport_options = {
    "control_folder": "control", "data_folder_in": "queue", "data_folder_out": "queue"
}

@app.task
def add(first, second):
    return first + second
""",
}

DJANGO_SITE = {
    "settings.py": """\
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "database"}}
DEBUG = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
ROOT_URLCONF = "urls"
SECRET_KEY = "secret"
USE_TZ = True
""",
    "urls.py": """\
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("first"))]
""",
    "manage.py": """\
import os, sys

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
sys.path.insert(0, os.getcwd())

from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
""",
    "tests.py": """\
from django.test import TestCase

class FirstTest(TestCase):
    def test_that_there_is_nothing(self):
        self.assertEqual(self.client.get("/nothing").status_code, 404)

class SecondTest(FirstTest):
    pass
""",
}

NOTEBOOK = {
    "notebook.ipynb": """\
{
  "cells": [
    {
      "cell_type": "code", "execution_count": null, "id": "cell", "metadata": {}, "outputs": [],
      "source": ["import ipykernel, sys; print(6 * 7, sys.version_info[:2])"]
    }
  ],
  "metadata": {"kernelspec": {"display_name": "", "language": "python", "name": "python3"}},
  "nbformat": 4,
  "nbformat_minor": 5
}
""",
}

PYTEST_TESTS = {
    "test_it.py": """\
import subprocess, sys

import pytest

@pytest.mark.parametrize("number", range(4))
def test_number(number):
    assert number != 2

def test_worker(worker_id):
    assert worker_id in ("gw0", "gw1")

def test_child():
    assert subprocess.check_output([sys.executable, "-c", "print(1)"]) == b"1\\n"
""",
}

SPHINX_PROJECT = {
    "docs/conf.py": """\
import os, sys

extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode"]
project = "Cows"
sys.path.insert(0, os.path.dirname(__file__))
""",
    "docs/cows.py": '''\
"""Cows."""

def moo(volume: int) -> str:
    """What a cow says."""
''',
    "docs/index.rst": """\
Cows
====

.. automodule:: cows
   :members:

:ref:`nowhere`
""",
    **{f"docs/cow_{number}.rst": ":orphan:\n\nCow\n===\n" for number in range(8)},
}

TOX_PROJECT = {
    "tox.ini": """\
[tox]
env_list = first, second
no_package = true

[testenv]
commands = python -c "import sys; print(sys.version_info[:2], sys.prefix != sys.base_prefix)"
""",
}
