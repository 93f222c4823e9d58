"""Make an environment's modules importable in a process that is not the app's own."""

import sys

from boot.seldom import read_as_site


def install(settings, alias):
    """Add the environment's entries to `sys.path`, and make `alias.X` another name of X.

    :param alias: The name of the import hook's package, `__pex__`.
    """
    elsewhere = settings["stdlib"] + [settings["venv"]]
    sys.path[:0] = [entry for entry in settings["path_entries"] if entry not in elsewhere]
    if settings["pth"]:
        import site

        read_as_site(site, settings["site_packages"], settings["pth"])
    sys.meta_path.insert(0, AliasFinder(alias + "."))


class AliasFinder(object):
    """Find `__pex__.X` as X itself, not as another module of the same file."""

    def __init__(self, prefix):
        self._prefix = prefix

    def find_spec(self, name, path=None, target=None):
        if not name.startswith(self._prefix):
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, AliasLoader(name[len(self._prefix) :]), is_package=True)  # type: ignore[arg-type]

    # Python 2.7 calls these two.
    def find_module(self, name, path=None):
        return self if name.startswith(self._prefix) else None

    def load_module(self, name):
        sys.modules[name] = imported(name[len(self._prefix) :])
        return sys.modules[name]


class AliasLoader(object):
    def __init__(self, name):
        self._name = name

    def create_module(self, spec):
        module = imported(self._name)
        # The import system will write the alias's spec into the module, so keep the original attributes.
        self._attributes = dict(
            (key, module.__dict__[key])
            for key in ("__spec__", "__loader__", "__package__", "__path__")
            if key in module.__dict__
        )
        return module

    def exec_module(self, module):
        for key in ("__spec__", "__loader__", "__package__", "__path__"):
            module.__dict__.pop(key, None)
        module.__dict__.update(self._attributes)


def imported(name):
    __import__(name)
    return sys.modules[name]
