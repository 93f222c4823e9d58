"""Makes and reads CZEX files: PEX files with a native boot runtime."""

__version__ = "0.1.0"
