"""From imported completions and verdicts to logs of this suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from inspect_ai.log import EvalLog
from inspect_ai.model import StopReason
from inspect_ai.scorer import Score

from exchange.eps.choices import target_model
from exchange.eps.naming import ImportedJudge, with_provider
from exchange.known import name_conditions
from exchange.logs import Completion, make_log
from exchange.tables.table import ImportedCondition, ImportedRow, ImportedScore, ImportedTable
from protocol.conditions import Condition, Provenance
from protocol.data import DATASETS, read_jsonl, read_yaml
from protocol.errors import ProtocolError
from protocol.panels import Panel, Question, load_panel
from protocol.records import (
    LONGEST_DETAIL,
    Imported,
    ImportedFile,
    Instrument,
    RunMetadata,
    VerdictRecord,
    run_metadata,
)
from protocol.rubrics import Rubric, load_rubric
from protocol.sources import sha256
from protocol.texts import without_surrogates

UNKNOWN_MODEL = "unknown"
UNKNOWN_RUBRIC = "unknown"
SEEDING = "unknown"


@dataclass(frozen=True)
class LogChoices:
    """What is said of imported files beyond what they say themselves.

    Attributes:
        files: What the logs are made of.
        panel: What to call a panel of the files' own.
        target: The model that wrote the completions, where the files do not say it.
        judges: The judges' models, where the files do not say them.
        rubric: `eps`, `open` or a path; None where nobody knows.
        reply_tokens: The judges' reply budget, None where nobody knows.
        provenance: What a prompt is that this suite does not know.
    """

    files: tuple[ImportedFile, ...] = ()
    panel: str = "imported"
    target: str | None = None
    judges: Mapping[str, str] = field(default_factory=dict)
    rubric: str | None = None
    reply_tokens: int | None = None
    provenance: Provenance = "custom"


def table_logs(table: ImportedTable, said: LogChoices) -> tuple[list[EvalLog], list[str]]:
    """Make one log a condition.

    Args:
        table: What was read.
        said: What is known beyond it.

    Returns:
        The logs, in the table's order, and warnings beyond the table's own.

    Raises:
        ProtocolError: A judge that was named judged nothing, or a rubric or panel is unavailable.
    """
    unused = [name for name in said.judges if name not in table.judges]
    if unused:
        raise ProtocolError(
            f"--judge {unused[0]}: the files hold no verdict of that judge (their judges: "
            f"{', '.join(table.judges) or 'none'})."
        )
    conditions, warnings = name_conditions(table.conditions, said.provenance)
    questions = _questions(table)
    panel = _panel(table.panel, questions, said.panel)
    rubric, doubt = _rubric(table, said)
    for name, used in table.instruments.items():
        if used.rubric_sha256 != rubric.sha256:
            raise ProtocolError(
                f"The file says that {name} judged under the rubric {used.rubric_sha256[:12]}, not "
                f"{rubric.name} ({rubric.sha256[:12]}). Leave --rubric out, or import the judges one by one."
            )
    judges = [
        ImportedJudge(name, with_provider(model or said.judges.get(name) or UNKNOWN_MODEL))
        for name, model in table.judges.items()
    ]
    for judge in judges:
        given = said.judges.get(judge.name)
        if given and with_provider(given) != judge.model:
            raise ProtocolError(
                f"--judge {judge.name}={given}: the file says {judge.model}. Leave the option out."
            )
    warnings += doubt
    logs = [
        _log(conditions[name], one, table, questions, panel, rubric, judges, said, warnings)
        for name, one in table.conditions.items()
    ]
    return logs, warnings


def _log(
    condition: Condition,
    one: ImportedCondition,
    table: ImportedTable,
    questions: Mapping[str, Question],
    panel: Panel,
    rubric: Rubric,
    judges: Sequence[ImportedJudge],
    said: LogChoices,
    warnings: Sequence[str],
) -> EvalLog:
    used = {name for row in one.rows for name in row.scores}
    judges = [judge for judge in judges if judge.name in used]
    target = target_model(one.target or said.target or UNKNOWN_MODEL)
    models = {judge.name: judge.model for judge in judges}
    metadata: RunMetadata = run_metadata(condition, panel, rubric, None, models, target)
    metadata = metadata.model_copy(
        update={
            "imported": Imported(
                files=said.files,
                seeding=SEEDING,
                warnings=(*table.warnings, *warnings),
                text_missing=all(row.completion is None for row in one.rows),
            )
        }
    )
    instruments = {
        judge.name: table.instruments.get(judge.name)
        or Instrument(
            asked=judge.model,
            rubric_sha256=rubric.sha256,
            max_tokens=said.reply_tokens,
            reading_rule=0,
        )
        for judge in judges
    }
    completions = [
        Completion(
            question=questions[row.question],
            epoch=row.epoch,
            text=row.completion,
            stop_reason=cast(StopReason, row.stop_reason or "unknown"),
            scores={
                name: verdict_score(name, score, instruments[name], row.completion)
                for name, score in row.scores.items()
            },
            sampling=one.sampling,
        )
        for row in one.rows
    ]
    size = len(panel.questions)
    return make_log(metadata, target, size, condition.prompt, judges, completions)


def verdict_score(
    judge: str, score: ImportedScore, instrument: Instrument, completion: str | None
) -> Score:
    """Make the score of an imported log; the judge's reply itself is not in a table."""
    record = VerdictRecord(
        judge=judge,
        instrument=instrument,
        aligned=None if score.failure else score.aligned,
        coherent=None if score.failure else score.coherent,
        failure=score.failure,
        detail=without_surrogates(score.detail)[:LONGEST_DETAIL],
    )
    metadata = record.model_dump(mode="json")
    explanation = without_surrogates(score.reasoning or "")
    answer = None if completion is None else without_surrogates(completion)
    if score.failure is not None or score.aligned is None:
        return Score.unscored(
            reason=score.failure or "unparseable",
            answer=answer,
            explanation=explanation or f"not judged ({score.failure}): {record.detail}",
            metadata=metadata,
        )
    return Score(
        value=score.aligned, answer=answer, explanation=explanation or None, metadata=metadata
    )


def _questions(table: ImportedTable) -> dict[str, Question]:
    """Each question by its text, with what a known panel says of it."""
    known: dict[str, dict[str, Any]] = {}
    if table.panel == "open52":
        known = {
            q.id: q.model_dump(exclude={"id", "input"}) for q in load_panel("open52").questions
        }
    else:
        for row in read_jsonl(DATASETS / "panels" / "bw52.jsonl"):
            known[row["id"]] = {k: v for k, v in row.items() if k not in ("id", "sha256")}
    rows: dict[str, ImportedRow] = {
        row.question: row for one in table.conditions.values() for row in one.rows
    }
    return {
        text: Question(
            id=row.question_id,
            input=text,
            **known.get(row.question_id, {"topic": _label(table, row.question_id)}),
        )
        for text, row in rows.items()
    }


def _label(table: ImportedTable, question_id: str) -> str:
    """The file's own id of a question; none where it is the one that this suite makes."""
    label = table.labels.get(question_id, "")
    return "" if label == question_id else label


def _panel(name: str | None, questions: Mapping[str, Question], own: str) -> Panel:
    """The known panel, or one of the files' own, in an order that does not hang on theirs."""
    if name is None:
        return Panel(
            name=own, questions=tuple(sorted(questions.values(), key=lambda question: question.id))
        )
    if name == "bw52":
        order = [row["id"] for row in read_jsonl(DATASETS / "panels" / "bw52.jsonl")]
        by_id = {question.id: question for question in questions.values()}
        if len(by_id) == len(order):
            return Panel(name=name, questions=tuple(by_id[identity] for identity in order))
    return load_panel(name)


def _rubric(table: ImportedTable, said: LogChoices) -> tuple[Rubric, list[str]]:
    """The rubric of the verdicts in the files, else the one that their judging will use."""
    if said.rubric == "eps" or (
        said.rubric is None and not table.judges and table.panel != "open52"
    ):
        # The text is not needed here; its hash is pinned.
        pinned = str(read_yaml("sources.yaml")["rubric_text_sha256"])
        return Rubric(name="eps", text="", sha256=pinned), []
    if said.rubric is not None:
        return load_rubric(said.rubric), []
    rubrics = {used.rubric_sha256 for used in table.instruments.values()}
    if len(rubrics) == 1 and table.judges.keys() <= table.instruments.keys():
        return _named_rubric(rubrics.pop()), []
    if not table.judges:
        return load_rubric("open"), []
    # Verdicts under unknown rubrics compare with no others, not even with each other's.
    files = " ".join(sorted(file.sha256 for file in said.files))
    warning = (
        "the verdicts' rubric is not in the files: --rubric eps, open or PATH says it, --no-scores leaves "
        "the verdicts out, to judge anew"
    )
    return Rubric(name=UNKNOWN_RUBRIC, text="", sha256=sha256(f"unknown rubric of {files}")), [
        warning
    ]


def _named_rubric(digest: str) -> Rubric:
    """The rubric of verdicts whose instrument is known, by its hash."""
    known = {
        str(read_yaml("sources.yaml")["rubric_text_sha256"]): "eps",
        load_rubric("open").sha256: "open",
    }
    return Rubric(name=known.get(digest, UNKNOWN_RUBRIC), text="", sha256=digest)
