"""The test cases of the apps: one row for each case."""

from __future__ import annotations

from dataclasses import dataclass, field

import app_inputs as inputs
from testing.stage import Files

# After a minute, pytest prints the time in a second form.
SECONDS = r"\d+\.\d+( seconds|s\b)( \(\d+:\d\d:\d\d\))?"


@dataclass(frozen=True)
class Case:
    """A start of an app. Its output, its exit code and the files that it writes are compared.

    :param arguments: `{url}` in it is a server that answers, `{closed}` one that doesn't.
    :param shows: A text that the PEX writes if it has done its work.
    :param leaves: Patterns for the files to compare, in the working directory.
    :param varies: A regular expression for text that differs between two starts.
    :param in_any_order: Whether the lines may come in any order, because several processes write them.
    """

    app: str
    arguments: str
    shows: str
    exit_code: int = 0
    files: Files = field(default_factory=dict)
    variables: Files = field(default_factory=dict)
    leaves: tuple[str, ...] = ()
    varies: str = SECONDS
    in_any_order: bool = False

    def __str__(self) -> str:
        return f"{self.app} {self.arguments}".replace("/", ":")


CASES = (
    Case("ansible", "localhost -m ansible.builtin.ping", shows='"ping": "pong"'),
    Case(
        "ansible",
        "play.yml -i localhost,",
        shows='"Hello, me"',
        exit_code=2,
        files=inputs.ANSIBLE_PLAYBOOK,
        variables={"PEX_SCRIPT": "ansible-playbook"},
        leaves=("*.txt",),
    ),
    Case("awscli", "--version", shows="aws-cli/"),
    Case(
        "awscli",
        "s3 ls --no-sign-request --region us-east-1 --endpoint-url {closed}",
        shows="Could not connect",
        exit_code=255,
        variables={"AWS_MAX_ATTEMPTS": "1"},
    ),
    Case(
        "black",
        "--workers 2 .",
        shows="4 files reformatted",
        exit_code=123,
        files=inputs.BADLY_FORMATTED,
        variables={"BLACK_CACHE_DIR": "cache"},
        leaves=("*.py",),
        in_any_order=True,
    ),
    Case("celery", "-A tasks report", shows="filesystem", files=inputs.CELERY_TASKS),
    Case("celery", "calve", shows="No such command", exit_code=2),
    Case(
        "django",
        "startproject shop",
        shows="WSGI_APPLICATION",
        leaves=("shop/**/*.py",),
        varies="SECRET_KEY = .*",
    ),
    Case(
        "django",
        "manage.py check",
        shows="no issues",
        files=inputs.DJANGO_SITE,
        variables={"PEX_INTERPRETER": "1"},
    ),
    Case(
        "django",
        "test --parallel 2 --settings settings --pythonpath .",
        shows="Ran 2 tests",
        files=inputs.DJANGO_SITE,
    ),
    Case("httpie", "--ignore-stdin --print hb {url}/cow", shows='"moo"'),
    Case("httpie", "--ignore-stdin --check-status {url}/nothing", shows="404", exit_code=4),
    Case("httpie", "--ignore-stdin {closed}", shows="Connection refused", exit_code=1),
    Case(
        "jupyter",
        "execute --output=executed.ipynb notebook.ipynb",
        shows="42 (3, 11)",
        files=inputs.NOTEBOOK,
        leaves=("executed.ipynb",),
        varies=r'"\d{4}-.*Z"',
    ),
    # The message is indented by the length of the program's name.
    Case("jupyter", "milk", shows="`jupyter-milk`notfound", exit_code=1, varies=r"\s+"),
    Case(
        "pytest",
        "-n 2 -v -p no:cacheprovider",
        shows="1 failed, 5 passed",
        exit_code=1,
        files=inputs.PYTEST_TESTS,
        varies=rf"={{3,}}|\[gw\d\] (\[ *\d+%\])?|{SECONDS}",
        in_any_order=True,
    ),
    Case(
        "sphinx",
        "-b html -j 2 docs html",
        shows="undefined label",
        files=inputs.SPHINX_PROJECT,
        leaves=("html/**/*.html", "html/*.js"),
        in_any_order=True,
    ),
    Case(
        "tox",
        "run-parallel --parallel-no-spinner --parallel-live",
        shows="(3, 11) True",
        files=inputs.TOX_PROJECT,
        varies=r"\w+: OK ✔ in .*\n?|\(.*seconds\)",
        in_any_order=True,
    ),
)
