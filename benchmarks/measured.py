"""What a command costs in a process of its own, and how a figure is written down."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MIB = 2**20 if sys.platform == "darwin" else 2**10
INSPECT = (sys.executable, "-m", "inspect_ai", "eval")
BWALPHA = (sys.executable, "-c", "from commands.main import main; main()")
ALPHA = ("tasks/alpha.py", "-T", "panel=open52", "-T", "rubric=open")
SIMULATED = (
    *("--model", "simulated/target", "--model-role", "sonnet=simulated/judge"),
    *("--model-role", "opus=simulated/judge-lenient"),
)


@dataclass(frozen=True)
class Figure:
    """A ratio of two things measured in one run, or a count.

    Attributes:
        piece: Which benchmark.
        what: What it is.
        value: The figure.
        target: What it should be at most (or, with `at_least`, at least), where there is a target.
        at_least: The target is a lower bound.
        raw: What was measured, in seconds, MiB and counts, for who wants to look.
    """

    piece: str
    what: str
    value: float
    target: float | None = None
    at_least: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds (of the process and all that it waited for) and peak MiB of the largest."""

    wall: float
    cpu: float
    peak_mb: float


def cost(command: Sequence[str], **environment: str) -> Cost:
    """Run a command to its end.

    Raises:
        RuntimeError: It failed; its last output is in the message.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{said[-2000:]}")
    cpu = used.ru_utime + used.ru_stime
    return Cost(time.perf_counter() - started, cpu, used.ru_maxrss / MIB)
