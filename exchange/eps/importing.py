"""From original detailed files to logs of this suite."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspect_ai.log import EvalLog
from inspect_ai.scorer import Score

from exchange.eps.choices import (
    Choices,
    check_choices,
    prompt_file,
    read_rubric,
    read_target,
)
from exchange.eps.entries import entry_score
from exchange.eps.naming import ImportedJudge, infer_condition, name_judges, read_condition
from exchange.eps.original import Detailed, read_detailed
from exchange.eps.origins import odd_entries, origin
from exchange.eps.panel_match import match_panel
from exchange.eps.records import NAME, Record, find_record, kept_score
from exchange.logs import Completion, make_log
from exchange.strict_json import shortened
from protocol.errors import ProtocolError
from protocol.records import PROTOCOL_SAMPLING, CompletionRecord, is_simulated, run_metadata
from protocol.seeds import DEFAULT_SEED

# The original scripts sampled so; their files do not say it.
PUBLISHED_SAMPLING = PROTOCOL_SAMPLING.model_copy(update={"seeded": True})


@dataclass
class _Group:
    files: list[Detailed] = field(default_factory=list)
    records: list[tuple[Record, str] | None] = field(default_factory=list)


def original_logs(paths: Sequence[Path], choices: Choices) -> list[tuple[EvalLog, list[str]]]:
    """Make one log a condition of detailed files, each with its warnings; nothing is written.

    Raises:
        ProtocolError: A file is damaged, fits no panel, or says too little.
    """
    groups: dict[str, _Group] = {}
    # The first script's file comes first: its judge is the primary one, and it names the target.
    for file in sorted(map(read_detailed, detailed_files(paths)), key=lambda file: file.rejudged):
        path = file.path
        record = find_record(path, file.sha256)
        condition = choices.condition or (
            record[0].metadata.condition if record else infer_condition(file)
        )
        group = groups.setdefault(condition, _Group())
        group.files.append(file)
        group.records.append(record)
    return [_group_log(condition, group, choices) for condition, group in groups.items()]


def detailed_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files that are named, and the detailed files in the folders that are.

    Raises:
        ProtocolError: A folder holds none.
    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.rglob("*_detailed.json")) if path.is_dir() else [path]
        if not inside:
            raise ProtocolError(f"The folder {path} holds no *_detailed.json.")
        found += inside
    return found


def _group_log(condition_name: str, group: _Group, choices: Choices) -> tuple[EvalLog, list[str]]:
    first = group.files[0]
    for file in group.files[1:]:
        _same_completions(first, file, condition_name)
    judges = _judges(group, choices)
    record = next((found[0] for found in group.records if found is not None), None)
    if record is not None:
        check_choices(choices, record)
    panel, questions, warnings = match_panel(
        first, choices.panel or (record.metadata.panel if record else None)
    )
    target = read_target(group.files, record, choices)
    condition, more = read_condition(condition_name, prompt_file(group.files))
    warnings += more
    if record is not None:
        metadata = record.metadata
    else:
        metadata = run_metadata(
            condition,
            panel,
            read_rubric(choices.rubric, panel.name),
            DEFAULT_SEED if choices.seed is None else choices.seed,
            {judge.name: judge.model for judge in judges},
            target,
        )
    models = {judge.name: judge.model for judge in judges}
    scores = {
        judge.name: _scores(file, judge, found, questions, metadata.rubric_sha256)
        for file, judge, found in zip(group.files, judges, group.records, strict=True)
    }
    for file in group.files:
        warnings += [*file.warnings, *odd_entries(file)]
    metadata = metadata.model_copy(
        update={
            "judges": models,
            "simulated": metadata.simulated or is_simulated(target, *models.values()),
            "imported": origin(group.files, judges, record, warnings),
        }
    )
    completions = [
        Completion(
            question=questions[text],
            epoch=epoch,
            text=completion,
            stop_reason=_stop_reason(record, questions[text].id, epoch),
            scores={name: column[questions[text].id][epoch - 1] for name, column in scores.items()},
            sampling=PUBLISHED_SAMPLING,
            record=_kept_completion(record, questions[text].id, epoch),
        )
        for text, answers in first.completions.items()
        for epoch, completion in enumerate(answers, start=1)
    ]
    size = len(panel.questions)
    retries = record.retries if record is not None else 0
    log = make_log(metadata, target, size, condition.prompt, judges, completions, retries)
    return log, warnings


def _same_completions(first: Detailed, other: Detailed, condition: str) -> None:
    if first.completions == other.completions:
        return
    odd = next(
        (q for q, texts in first.completions.items() if other.completions.get(q) != texts),
        next(iter(other.completions)),
    )
    raise ProtocolError(
        f"{first.path} and {other.path} are both {condition} and hold different completions, first of "
        f"{shortened(odd)}. Files of one log judge the same completions; import others by themselves."
    )


def _judges(group: _Group, choices: Choices) -> list[ImportedJudge]:
    known = {
        number: found[0].judges[found[1]]
        for number, found in enumerate(group.records)
        if found is not None
    }
    unknown = [file for number, file in enumerate(group.files) if number not in known]
    if choices.judges and not unknown:
        raise ProtocolError(
            f"--judge {choices.judges[0]}: {NAME} beside the files says who judged them. Leave it out."
        )
    named = iter(name_judges(unknown, choices.judges) if unknown else [])
    judges = []
    for number, found in enumerate(group.records):
        if found is None:
            judges.append(next(named))
        else:
            name = known[number]
            judges.append(
                ImportedJudge(name, str(found[0].metadata.judges.get(name, "none/unknown")))
            )
    names = [judge.name for judge in judges]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        both = " and ".join(
            str(file.path) for file, name in zip(group.files, names, strict=True) if name == twice
        )
        raise ProtocolError(
            f"The judge {twice} comes twice on the same completions: {both}. Leave one out, or name "
            "them apart with --judge NAME=MODEL."
        )
    return judges


def _scores(
    file: Detailed,
    judge: ImportedJudge,
    found: tuple[Record, str] | None,
    questions: dict[str, Any],
    rubric: str,
) -> dict[str, list[Score]]:
    columns: dict[str, list[Score]] = {}
    for text, entries in file.scores.items():
        identity = questions[text].id
        kept = found[0].scores.get(judge.name, {}).get(identity) if found is not None else None
        if kept is not None and len(kept) == len(entries):
            columns[identity] = [kept_score(fields) for fields in kept]
        else:
            columns[identity] = [
                entry_score(entry, judge.name, judge.model, rubric) for entry in entries
            ]
    return columns


def _stop_reason(record: Record | None, question: str, epoch: int) -> Any:
    reasons = record.stop_reasons.get(question, []) if record is not None else []
    return reasons[epoch - 1] if epoch <= len(reasons) else "unknown"


def _kept_completion(record: Record | None, question: str, epoch: int) -> CompletionRecord | None:
    found = record.completions.get(question, []) if record is not None else []
    return found[epoch - 1] if epoch <= len(found) else None
