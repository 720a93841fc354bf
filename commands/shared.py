"""What several commands do: load logs with a progress bar, say an error in one line."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from runs.run import Loaded

NARROW = 80
NEW_FOLDER = click.Path(file_okay=False, path_type=Path)
FILES = click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)


def load(logs: tuple[str, ...], unjudged: bool = False) -> Loaded:
    """Read the runs of log files and folders, with a progress bar on a terminal.

    Args:
        logs: Files and folders.
        unjudged: Keep completions without any verdict too.

    Raises:
        ClickException: None of them is a log of this suite.
    """
    from rich.console import Console
    from rich.progress import Progress

    from runs.load import load_runs

    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        bar = progress.add_task("reading logs", total=None)
        loaded = load_runs(
            logs, lambda done, total: progress.update(bar, completed=done, total=total), unjudged
        )
    if not loaded.runs:
        reasons = "; ".join(f"{log.location}: {log.reason}" for log in loaded.skipped)
        raise click.ClickException(f"no log of this suite to report on ({reasons})")
    return loaded


def as_typed(command: str, *arguments: object) -> str:
    """Return a command line that works as typed, with the environment's path where it is not active.

    Args:
        command: A command that the environment holds.
        *arguments: Its arguments, quoted where a shell would read them otherwise.
    """
    own = Path(sys.prefix) / "bin" / command
    active = sys.prefix == sys.base_prefix or os.environ.get("VIRTUAL_ENV") == sys.prefix
    if not active and own.exists():
        command = str(own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own)
    return shlex.join([command, *map(str, arguments)])


def common_folder(loaded: Loaded) -> str:
    """Return the folder that holds all logs, relative to the working folder where it can be."""
    folders = [os.path.dirname(run.location) or "." for run in loaded.runs]
    if len(set(folders)) == 1 or any("://" in folder for folder in folders):
        return folders[0]
    common = Path(os.path.commonpath([os.path.abspath(folder) for folder in folders]))
    return str(common.relative_to(Path.cwd()) if common.is_relative_to(Path.cwd()) else common)


def table_console() -> Console:
    """A console that never folds the table's numbers when the output is a file or a pipe."""
    from rich.console import Console

    if sys.stdout.isatty():
        return Console()
    return Console(width=max(NARROW, int(os.environ.get("COLUMNS", "0") or 0)))


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what the user can put right into one line and exit status 1."""
    # Imported here, as in the commands: Inspect takes seconds to import.
    from protocol.errors import ProtocolError

    try:
        yield
    except ProtocolError as error:
        from reports.judge_figures import printable

        # A line may quote a name from a log.
        said = "\n".join(map(printable, str(error).split("\n")))
        raise click.ClickException(said) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'a file'}: {error.strerror}") from error
