# What `__main__.py` of a directory begins its BOOT with: it reads entries as zipimport does those of a file. Some of
# them have other names there. For Python 2.7 and 3.5+, which may have no loader for a file that it was told to run.
import os


class Files(object):
    place = os.path.dirname(os.path.realpath(__file__))
    names = dict(name.split("=") for name in "@files@".split())

    def get_data(self, entry):
        file = self.names.get(entry.replace(os.sep, "/"), entry)
        with open(os.path.join(self.place, file), "rb") as stream:
            return stream.read()


__loader__ = Files()
