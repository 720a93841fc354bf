"""Completions that the old judge scored: the published ones, or those of any logs of the suite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from exchange.eps.anchors import JUDGE, read_cells
from exchange.eps.entries import imported_instrument
from linking.linkfile import LinkedJudge
from linking.pairs import Floats
from protocol.errors import ProtocolError
from protocol.judges import judge_table
from protocol.panels import load_panel
from protocol.records import Instrument, text_sha256
from protocol.rubrics import load_rubric
from protocol.sources import sha256
from runs.completions import read_answers
from runs.run import Run

PUBLISHED = "the published cells of the source repository: 13 cells of 11 personas"


@dataclass(frozen=True)
class AnchorCompletions:
    """Completions with the old judge's scores; every list and array has one entry a completion.

    Attributes:
        old: The judge whose scale is to be reached.
        source: Where they come from, in words.
        panel_sha256: Hash of the panel that the questions belong to.
        ids: Condition, question, number and the completion's hash; no texts.
        conditions: The condition of each.
        questions: The id of each one's question.
        texts: Question and completion, as a judge is shown them.
        scores: The old judge's scores, 0 to 100, NaN for a failed verdict.
        groups: What conditions share, by kind of group.
    """

    old: LinkedJudge
    source: str
    panel_sha256: str
    ids: list[str]
    conditions: list[str]
    questions: list[str]
    texts: list[tuple[str, str]]
    scores: Floats
    groups: dict[str, list[str]] = field(default_factory=dict)

    def take(self, chosen: Sequence[int]) -> AnchorCompletions:
        """Only these completions."""
        return AnchorCompletions(
            self.old,
            self.source,
            self.panel_sha256,
            [self.ids[i] for i in chosen],
            [self.conditions[i] for i in chosen],
            [self.questions[i] for i in chosen],
            [self.texts[i] for i in chosen],
            self.scores[list(chosen)],
            {kind: [members[i] for i in chosen] for kind, members in self.groups.items()},
        )

    @property
    def sha256(self) -> str:
        """Hash of what was judged and of the old judge's scores."""
        rows = [
            [name, sha256(question), None if np.isnan(score) else float(score)]
            for name, (question, _), score in zip(self.ids, self.texts, self.scores, strict=True)
        ]
        return sha256(json.dumps(sorted(rows, key=lambda row: str(row[0]))))


def published_anchors() -> AnchorCompletions:
    """Read the 11,440 published completions with the registered judge's verdicts.

    Raises:
        ProtocolError: A file is unavailable or is not the pinned one.
    """
    cells = read_cells()
    rows = [(condition, row) for condition in cells for row in condition.condition.rows]
    aligned = [row.scores[JUDGE].aligned for _, row in rows]
    model = judge_table().registered[JUDGE]
    return AnchorCompletions(
        old=LinkedJudge.of(JUDGE, imported_instrument(model, load_rubric("eps").sha256)),
        source=PUBLISHED,
        panel_sha256=load_panel("bw52").sha256,
        ids=[
            _id(condition.name, row.question_id, row.epoch, row.completion or "")
            for condition, row in rows
        ],
        conditions=[condition.name for condition, _ in rows],
        questions=[row.question_id for _, row in rows],
        texts=[(row.question, row.completion or "") for _, row in rows],
        scores=np.array([np.nan if score is None else score for score in aligned]),
        groups={
            "cell": [condition.cell for condition, _ in rows],
            "persona": [condition.persona for condition, _ in rows],
        },
    )


def anchors_of_runs(runs: Sequence[Run], old: str) -> AnchorCompletions:
    """Take a judge's verdicts in logs as anchors.

    Seeds of one prompt and target are one condition: a judge takes them alike.

    Args:
        runs: What was read of the logs; those that the judge did not judge are passed over.
        old: The judge's column in a report.

    Raises:
        ProtocolError: No run has the column, or it is several instruments, panels or rubrics.
    """
    judged = _judged(runs, old)
    anchors = AnchorCompletions(
        old=LinkedJudge.of(old, one_instrument(judged, old)),
        source=f"{len(judged)} runs in logs of this suite",
        panel_sha256=_one({run.metadata.panel_sha256 for run in judged}, "panels", old),
        ids=[],
        conditions=[],
        questions=[],
        texts=[],
        scores=np.concatenate([run.judges[old].aligned for run in judged]),
        groups={"target": [], "prompt": []},
    )
    for run in judged:
        prompt = f"{run.condition} {(run.prompt_sha256 or 'none')[:8]}"
        condition = f"{prompt} {run.target}"
        answers = {
            (question, answer.epoch): answer
            for question, found in read_answers(run).answers.items()
            for answer in found
        }
        for question, epoch in _completions(run):
            answer = answers.get((question, epoch))
            text = "" if answer is None else answer.text
            anchors.ids.append(_id(f"{condition} seed {run.seed}", question, epoch, text))
            anchors.conditions.append(condition)
            anchors.questions.append(question)
            anchors.texts.append(("" if answer is None else answer.question, text))
            anchors.groups["target"].append(run.target)
            anchors.groups["prompt"].append(prompt)
    return anchors


def successor_scores(runs: Sequence[Run], old: str, new: str) -> tuple[Instrument, Floats]:
    """Take the successor's verdicts on the same completions, in the order of `anchors_of_runs`.

    Raises:
        ProtocolError: No run has the column, or it is several instruments.
    """
    both = [run for run in _judged(runs, old) if new in run.judges]
    scores = [
        run.judges[new].aligned if new in run.judges else np.full(run.clusters.size, np.nan)
        for run in _judged(runs, old)
    ]
    if not both:
        raise ProtocolError(
            f"No run has verdicts of both {old!r} and {new!r}. The columns are {_columns(runs)}."
        )
    return one_instrument(both, new), np.concatenate(scores)


def one_instrument(runs: Sequence[Run], column: str) -> Instrument:
    """Give the instrument of a column, the same in all runs.

    Raises:
        ProtocolError: There are several.
    """
    found = {run.judges[column].instrument for run in runs}
    if len(found) > 1:
        models = ", ".join(sorted({instrument.model for instrument in found}))
        raise ProtocolError(
            f"The column {column!r} is {len(found)} instruments in these logs ({models}); a link is of "
            "one. Give the logs of one instrument."
        )
    return next(iter(found))


def _judged(runs: Sequence[Run], column: str) -> list[Run]:
    judged = [run for run in runs if column in run.judges]
    if not judged:
        raise ProtocolError(f"No run has verdicts of {column!r}. The columns are {_columns(runs)}.")
    return judged


def _columns(runs: Sequence[Run]) -> str:
    return ", ".join(sorted({name for run in runs for name in run.judges})) or "none"


def _one(found: set[str], kind: str, column: str) -> str:
    if len(found) > 1:
        raise ProtocolError(
            f"The runs that {column!r} judged ask {len(found)} {kind}; anchors are of one. Give the logs "
            "of one."
        )
    return next(iter(found))


def _completions(run: Run) -> list[tuple[str, int]]:
    pairs = zip(run.clusters.tolist(), run.epochs.tolist(), strict=True)
    return [(run.questions[cluster].id, epoch) for cluster, epoch in pairs]


def _id(condition: str, question: str, epoch: int, text: str) -> str:
    return f"{condition}/{question}/{epoch}/{text_sha256(text)}"
