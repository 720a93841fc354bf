"""Logs as a static site, with their report beside it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import fsspec
from inspect_ai.log import bundle_log_dir

from commands.extremes import extremes
from reports.build import build_headline
from reports.writers import write_report
from runs.load import UNREADABLE, find_logs
from runs.run import Loaded

REPORT = "report"


def check_site_folder(logs: Sequence[str], out: Path) -> None:
    """Refuse a folder that a site would spoil, before anything is read.

    Raises:
        click.ClickException: It holds files already, or lies inside one of the log folders.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise click.ClickException(f"{out} is not empty; name a new folder")
    for place in logs:
        if "://" not in place and out.resolve().is_relative_to(Path(place).resolve()):
            raise click.ClickException(f"{out} lies inside {place}; name a folder outside it")


def make_site(logs: Sequence[str], loaded: Loaded, out: Path) -> None:
    """Write Inspect's viewer with every log that can be read, and the report in ``out/report``.

    Args:
        logs: Log files or folders, local or any path Inspect reads.
        loaded: What was read from them.
        out: A new folder.
    """
    with TemporaryDirectory() as temporary:
        broken = {log.location for log in loaded.skipped if log.reason.startswith(UNREADABLE)}
        found = [location for location in find_logs(logs)[0] if location not in broken]
        names = Counter(Path(location).name for location in found)
        for place, location in enumerate(found):
            name = Path(location).name
            # One folder is what Inspect bundles, so logs of the same name must not meet in it.
            copy = Path(temporary) / (name if names[name] == 1 else f"{place}_{name}")
            with fsspec.open(location, "rb") as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target)
        bundle_log_dir(log_dir=temporary, output_dir=str(out), overwrite=True)
    write_report(build_headline(loaded), out / REPORT)
    extremes(loaded, out / REPORT)
