"""Evaluate the markers in the manifest, which holds them as data (PEP 508)."""

import os
import sys

from boot import interpreter

# The values of these variables are compared as versions, all others as strings.
VERSIONS = ("implementation_version", "platform_release", "python_full_version", "python_version")


def environment():
    """Return the marker variables of the running interpreter, except `extra`."""
    version = interpreter.version_text()
    if os.name == "nt":
        import platform

        machine, release, kernel = platform.machine(), platform.release(), platform.version()
        system = "Windows"
    else:
        system, _, release, kernel, machine = tuple(os.uname())
    implementation = getattr(sys, "implementation", None)
    return {
        "implementation_name": implementation.name if implementation else "",
        "implementation_version": _full_version(implementation.version) if implementation else "0",
        "os_name": os.name,
        "platform_machine": machine,
        "platform_python_implementation": interpreter.implementation(),
        "platform_release": release,
        "platform_system": system,
        "platform_version": kernel,
        "python_full_version": version,
        "python_version": "{0}.{1}".format(*sys.version_info[:2]),
        "sys_platform": sys.platform,
    }


def _full_version(version):
    text = ".".join(str(part) for part in version[:3])
    return text if version[3] == "final" else text + version[3][0] + str(version[4])


def holds(marker, variables):
    """Evaluate a marker; `None` means no marker, so true."""
    if marker is None:
        return True
    if marker[0] == "and":
        return all(holds(term, variables) for term in marker[1:])
    if marker[0] == "or":
        return any(holds(term, variables) for term in marker[1:])
    operator, left, right = marker
    name = left["var"] if isinstance(left, dict) else right["var"]
    left, right = _value(left, variables), _value(right, variables)
    if name in VERSIONS:
        from boot import versions

        if versions.is_specifier(operator, right):
            try:
                return versions.satisfies(left, [[operator, right]])
            except versions.NotAVersion:
                return False
    return _compare(operator, left, right)


def _value(operand, variables):
    return variables.get(operand["var"], "") if isinstance(operand, dict) else operand


def _compare(operator, left, right):
    """Compare strings, which have no order: `>=` is true if they are equal."""
    if operator == "in":
        return left in right
    if operator == "not in":
        return left not in right
    if operator == "!=":
        return left != right
    return operator in ("==", "<=", ">=") and left == right
