"""Several `inspect eval-set` processes side by side, and their end, whatever ends them."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import FrameType

LAST_LINES = 6
TERMINATE_TIMEOUT = 30.0
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Share:
    """What one process runs.

    Attributes:
        tasks: Inspect's names of the tasks, as in `tasks/alpha.py@grid_2`.
        seed: Their base seed, where the user named seeds.
        prompt: The file of the custom task's system prompt.
    """

    tasks: tuple[str, ...]
    seed: int | None
    prompt: Path | None = None

    @property
    def label(self) -> str:
        """What it runs, for people."""
        names = ", ".join(task.rpartition("@")[2] for task in self.tasks)
        names = names if self.prompt is None else self.prompt.name
        return names if self.seed is None else f"{names}, seed {self.seed}"


def shares(tasks: Sequence[str], seeds: Sequence[int], workers: int) -> list[Share]:
    """Split tasks × seeds over processes: tasks of one seed together, as few processes as keep all busy.

    Args:
        tasks: Inspect's names of the tasks.
        seeds: Base seeds; empty leaves the seed to the tasks.
        workers: How many processes there may be at once.
    """
    per_seed = min(len(tasks), max(1, -(-workers // max(1, len(seeds)))))
    bases: list[int | None] = [*seeds] or [None]
    return [Share(tuple(tasks[part::per_seed]), seed) for seed in bases for part in range(per_seed)]


@dataclass(frozen=True)
class Outcome:
    """How a process ended: its exit status and the end of what it wrote."""

    share: Share
    status: int
    output: Path
    last_lines: tuple[str, ...]


class Workers:
    """Runs commands, a limited number at once.

    Each has a session of its own, so that Ctrl-C in the terminal reaches it once, through here.

    Args:
        limit: How many at once.
        say: Called with each line of progress, one line at a time.
    """

    def __init__(self, limit: int, say: Callable[[str], None]) -> None:
        self.limit = limit
        self.say = say
        self._lock = Lock()
        self._running: list[subprocess.Popen[str]] = []
        self._stopped = False

    def run(self, jobs: Sequence[tuple[Share, list[str], Path]]) -> list[Outcome]:
        """Run every job (share, command, file for its output) and return how each ended.

        Raises:
            KeyboardInterrupt: Ctrl-C or a termination signal; the processes have ended by then.
        """
        # Outside the pool, whose end waits for the processes: an interruption must end them first.
        with ThreadPoolExecutor(self.limit) as pool, _terminated_like_interrupted():
            try:
                running = [pool.submit(self._one, *job) for job in jobs]
                return [future.result() for future in running]
            except KeyboardInterrupt:
                self._stop()
                raise

    def _one(self, share: Share, command: list[str], output: Path) -> Outcome:
        last: deque[str] = deque(maxlen=LAST_LINES)
        with self._lock:
            if self._stopped:
                return Outcome(share, -signal.SIGINT, output, ())
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
            self._running.append(process)
        assert process.stdout is not None
        with output.open("w", encoding="utf-8") as file:
            for line in process.stdout:
                file.write(line)
                file.flush()
                if line.strip():
                    last.append(line.rstrip())
                if "Samples:" in line:
                    with self._lock:
                        self.say(line.rstrip())
        status = process.wait()
        with self._lock:
            self._running.remove(process)
        return Outcome(share, status, output, tuple(last))

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            running = list(self._running)
        # Inspect writes what it has when it is interrupted; only who does not end then is killed.
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            try:
                process.wait(TERMINATE_TIMEOUT)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                process.kill()


def _end_with_parent() -> None:
    """Have the kernel interrupt this process when the one that started it is gone, however it went."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started in the background of a script. Children would ignore the signal that ends them too; a
        # handler that does nothing is not handed on to them.
        before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def command(share: Share, log_dir: Path, options: Sequence[str]) -> list[str]:
    """Return the command of a share; the user's options come last, so they win.

    An eval set goes on where the logs in its folder end, and makes nothing twice.
    """
    seed = [] if share.seed is None else ["-T", f"seed={share.seed}"]
    prompt = [] if share.prompt is None else ["-T", f"prompt={share.prompt}"]
    return [
        *(sys.executable, "-m", "inspect_ai", "eval-set", *share.tasks),
        *("--log-dir", str(log_dir), "--display", "plain", "--max-tasks", str(len(share.tasks))),
        *("--retry-attempts", "0", "--no-retry-immediate"),
        *seed,
        *prompt,
        *options,
    ]
