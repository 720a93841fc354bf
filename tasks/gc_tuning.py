"""Python's collector of cyclic garbage during a run, which would otherwise take a seventh of its CPU."""

import gc
from functools import cache

# Objects made and not freed between two looks at the youngest ones; Python's own is 700 to 2,000.
GEN0_THRESHOLD = 10_000


@cache
def tune_gc() -> None:
    """Let the collector look seldom, and never again at what is loaded by now.

    A run keeps hundreds of thousands of objects of imported modules, and a full collection walks them all
    to find that they are still in use. What a finished sample leaves in cycles is freed later, at some
    20 MiB more. Done once a process; a collector that is switched off, or set to look less often than
    this, stays as it is.
    """
    first, *older = gc.get_threshold()
    if not gc.isenabled() or not 0 < first < GEN0_THRESHOLD:
        return
    gc.collect()
    gc.freeze()
    gc.set_threshold(GEN0_THRESHOLD, *older)
