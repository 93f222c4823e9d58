"""The cold path: installs a CZEX that this machine has not run before. Nothing of it is loaded after."""
