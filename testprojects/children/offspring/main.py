"""Let children of several kinds do some work, and print the results."""

import concurrent.futures
import functools
import multiprocessing
import os
import subprocess
import sys

import joblib

# The initializer of a pool sets it in each child.
factor = 1


class Number(object):
    """The class is pickled to the child and back, so parent and child must have the same class."""

    def __init__(self, value):
        self.value = value


def square(number):
    return Number(number.value**2 * factor)


def begin(value):
    global factor
    factor = value


NUMBERS = [Number(value) for value in range(4)]


def in_a_pool(method):
    context = multiprocessing.get_context(method)
    with context.Pool(2, begin, (3,)) as pool:
        return pool.map(square, NUMBERS)


def in_an_executor(method):
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, context, begin, (5,)) as executor:
        return list(executor.map(square, NUMBERS))


def in_loky():
    return joblib.Parallel(n_jobs=2, backend="loky")(
        joblib.delayed(square)(number) for number in NUMBERS
    )


def by_its_name(start):
    """Start the app again by the function `start`, with the word "good-bye"."""
    sys.stdout.flush()
    return start([sys.argv[0], "good-bye", "for ever"])


WORK = {
    "executor-forkserver": functools.partial(in_an_executor, "forkserver"),
    "executor-spawn": functools.partial(in_an_executor, "spawn"),
    "fork": functools.partial(in_a_pool, "fork"),
    "forkserver": functools.partial(in_a_pool, "forkserver"),
    "loky": in_loky,
    "spawn": functools.partial(in_a_pool, "spawn"),
}
STARTS = {
    "exec": lambda argv: os.execv(argv[0], argv),
    "exec-python": lambda argv: os.execv(sys.executable, [sys.executable] + argv),
    "call": subprocess.call,
    "call-python": lambda argv: subprocess.call([sys.executable] + argv),
}


def main():
    for name in sys.argv[1:]:
        if name == "good-bye":
            print(name, sys.argv[2:])
            return 7
        if name in STARTS:
            return by_its_name(STARTS[name])
        results = WORK[name]()
        print(name, [number.value for number in results], set(map(type, results)) == {Number})
    return 0


if __name__ == "__main__":
    sys.exit(main())
