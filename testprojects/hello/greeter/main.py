"""Greet people, in code for Python 2.7 and later.

hello [--shout] [--exit CODE] [--facts] [NAME ...]
"""

from __future__ import print_function

import argparse
import json
import os
import pkgutil
import subprocess
import sys

from greeter import facts


def greeting(name):
    template = pkgutil.get_data("greeter", "greeting.txt").decode("utf-8")
    return template.strip().format(name=name)


def shout(text):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shout.sh")
    return subprocess.check_output([script, text]).decode("utf-8").strip()


def main():
    parser = argparse.ArgumentParser(prog="hello")
    parser.add_argument("--shout", action="store_true")
    parser.add_argument("--exit", type=int, default=0)
    parser.add_argument("--fail", metavar="MESSAGE")
    parser.add_argument("--facts", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()

    for name in options.names:
        text = greeting(name)
        print(shout(text) if options.shout else text)
    if options.facts:
        print(json.dumps(facts.of_this_process(), indent=1, sort_keys=True))
    if options.fail:
        sys.exit(options.fail)
    return options.exit
