"""Logs as a static site: Inspect's viewer, the report as pages, and links both ways."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import fsspec
from inspect_ai.log import bundle_log_dir

from commands.extremes import extremes
from likeness.texts import names as run_names
from protocol.records import VerdictRecord
from reports.build import build_headline
from reports.pages import Asked, Shown, Verdict, write_pages
from reports.writers import write_report
from runs.completions import Answer, read_answers
from runs.load import UNREADABLE, find_logs
from runs.run import Loaded, Run

REPORT = "report"
# Inspect's viewer knows of no page beside it.
LINK = (
    '<a href="report/index.html" style="position:fixed;right:1rem;bottom:2rem;z-index:9;padding:.3rem .7rem;'
    'background:#fff;color:#06c;border:1px solid #06c;border-radius:4px">report</a></body>'
)


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
        copies: dict[str, str] = {}
        for place, location in enumerate(found):
            name = Path(location).name
            # One folder is what Inspect bundles, so logs of the same name must not meet in it.
            copies[location] = name if names[name] == 1 else f"{place}_{name}"
            copy = Path(temporary) / copies[location]
            with fsspec.open(location, "rb") as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target)
        bundle_log_dir(log_dir=temporary, output_dir=str(out), overwrite=True)
    viewer = out / "index.html"
    viewer.write_text(viewer.read_text("utf-8").replace("</body>", LINK, 1), "utf-8")
    write_report(build_headline(loaded), out / REPORT)
    extremes(loaded, out / REPORT)
    write_pages(out / REPORT, run_names(loaded.runs), _side_by_side(loaded.runs, copies))


def _side_by_side(runs: Sequence[Run], logs: Mapping[str, str]) -> list[Asked]:
    """Every question that any run asked, with each run's completions, the lowest mean verdict first."""
    read = [read_answers(run).answers for run in runs]
    texts = {
        (identity, answer.question): None
        for answers in read
        for identity, found in answers.items()
        for answer in found
    }
    return [
        Asked(
            identity,
            question,
            tuple(
                tuple(
                    sorted(
                        (
                            _shown(answer, run, logs)
                            for answer in answers.get(identity, [])
                            if answer.question == question
                        ),
                        key=lambda shown: (shown.mean is None, shown.mean or 0, shown.epoch),
                    )
                )
                for run, answers in zip(runs, read, strict=True)
            ),
        )
        for identity, question in texts
    ]


def _shown(answer: Answer, run: Run, logs: Mapping[str, str]) -> Shown:
    text = "(the log holds no text)" if answer.record.text_missing else answer.text
    verdicts = tuple(_verdict(name, answer) for name in run.judges)
    return Shown(answer.epoch, text, logs[answer.location], verdicts)


def _verdict(judge: str, answer: Answer) -> Verdict:
    score = answer.scores.get(judge)
    record = None if score is None else VerdictRecord.of(score.metadata)
    if score is None or record is None or answer.invalidated:
        return Verdict(judge, None, "invalidated" if answer.invalidated else "no verdict")
    why = score.explanation or (f"no verdict ({record.failure})" if record.failure else "")
    return Verdict(judge, record.aligned, why)
