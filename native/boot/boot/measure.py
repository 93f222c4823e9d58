"""Run the app under cProfile or coverage: PEX_PROFILE and PEX_COVERAGE, in zipapp mode only."""

import sys


def wrapper(variables):
    """Return the function that runs `activate.execute` and measures it, or `None`."""
    profile_file, coverage_file = variables.path("PROFILE_FILENAME"), variables.path(
        "COVERAGE_FILENAME"
    )
    wants_profile = variables.flag("PROFILE") or profile_file
    wants_coverage = variables.flag("COVERAGE") or coverage_file
    if not wants_profile and not wants_coverage:
        return None
    sort = variables.text("PROFILE_SORT") or "cumulative"

    def run(function, *arguments):
        if wants_profile:
            function, arguments = profiled, (profile_file, sort, function) + arguments
        if wants_coverage:
            function, arguments = covered, (coverage_file, function) + arguments
        return function(*arguments)

    return run


def profiled(file, sort, function, *arguments):
    try:
        import cProfile as profile
    except ImportError:
        import profile  # type: ignore[no-redef]

    profiler = profile.Profile()
    try:
        return profiler.runcall(function, *arguments)
    finally:
        if file:
            profiler.dump_stats(file)
        else:
            profiler.print_stats(sort=sort)


def covered(file, function, *arguments):
    try:
        import coverage
    except ImportError:
        return "czex: can't measure coverage: the app has no coverage; add it to the app, or name it in PEX_PATH"
    if file:
        measured = coverage.coverage(data_file=file)
    else:
        measured = coverage.coverage(data_suffix=True)
    measured.start()
    try:
        return function(*arguments)
    finally:
        measured.stop()
        if file:
            measured.save()
        else:
            measured.report(show_missing=False, ignore_errors=True, file=sys.stdout)
