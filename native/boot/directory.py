# The beginning of a directory's COLD: a loader that reads entries from files, as zipimport reads entries of a zip file. Some
# files have other names than their entries. It also runs on Python 2.7 and 3.5, which may have no loader for the executed file.
import os


class Files(object):
    place = os.path.dirname(os.path.realpath(__file__))
    # Entry -> its file, and the checksum of the file.
    files = {".czex/start": ["@start@"]}

    def get_data(self, entry):
        file = str(self.files[entry.replace(os.sep, "/")][0])
        with open(os.path.join(self.place, file), "rb") as stream:
            return stream.read()


__loader__ = Files()
