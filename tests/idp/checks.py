"""Counting: a check is one named yes or no; a step is a check that passes when nothing is raised."""

import contextlib
from collections.abc import Iterator

counts = {True: 0, False: 0}


def check(name: str, condition: object, detail: object = "") -> bool:
    passed = bool(condition)
    counts[passed] += 1
    if not passed:
        print(f"FAILED {name}{f': {detail}' if detail != '' else ''}", flush=True)
    return passed


def equal(name: str, found: object, wanted: object) -> bool:
    return check(name, found == wanted, f"found {found!r}, wanted {wanted!r}")


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """What is raised inside is a failure of `name`, and the run goes on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001
        check(name, False, f"{type(error).__name__}: {str(error)[:600]}")
    else:
        check(name, True)


def finish() -> int:
    print(f"checks: {counts[True]} passed, {counts[False]} failed")
    return 1 if counts[False] else 0
