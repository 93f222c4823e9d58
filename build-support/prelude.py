"""Names that all BUILD files can use."""

# The interpreters that a CZEX supports.
EVERY_PYTHON = ("CPython>=2.7,!=3.0.*,!=3.1.*,!=3.2.*,!=3.3.*,!=3.4.*,<3.16", "PyPy>=2.7")
