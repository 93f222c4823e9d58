"""Render a template, and print the name of the compiled module that was used."""

import sys

import jinja2
import markupsafe._speedups


def main() -> None:
    template = jinja2.Template("{{ who }} on {{ where|e }}", autoescape=True)
    print(template.render(who=sys.argv[1], where="<{}>".format(sys.implementation.cache_tag)))
    print(markupsafe._speedups.__file__.rsplit("/", 1)[-1])
