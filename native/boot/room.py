"""Keep the frames of the app in one piece of memory.

CPython 3.11 to 3.13 has a stack of its own for the frames of Python's functions, in pieces of 16 KB. A call that finds the piece full
gets another one from the system, and gives it back when it returns. In a loop, each such call costs two system calls. Whether an
app has such a loop depends on the depth of the stack, and therefore on chance: `aws --version` has made 11,000 of these system calls.

A frame that needs more than a piece gets a larger one. The functions that this one calls have their frames in the rest of it. The
system provides only the memory that frames use. The modules that need this function get a copy of it.
"""

import sys


def make_room(function):
    """Return a function that calls `function`, and leaves 70 KB for the frames of the functions that this one calls: 400, as a rule.

    Without memory for the piece, `function` gets a usual frame.
    """
    has_pieces = (3, 11) <= sys.version_info < (3, 14)
    if not has_pieces or sys.implementation.name != "cpython":
        return function
    # Python doubles 16 KB until a frame and a thousand words fit. If the app ends by an exception, a copy of the frame is made.
    # A larger copy would cost two more system calls.
    code = function.__code__.replace(co_stacksize=7300)
    roomy = type(function)(code, function.__globals__)

    def _():
        try:
            return roomy()
        except BaseException as error:
            if error.__traceback__.tb_next:
                # A traceback shows one frame of this file, not two. No variable may keep it: the app's objects would live longer.
                error.__traceback__.tb_next = error.__traceback__.tb_next.tb_next
                raise
            if not isinstance(error, MemoryError):
                raise
        return function()

    return _
