"""Make and read CZEX files: Python apps in one file, with a native boot runtime."""

__version__ = "0.1.0"
