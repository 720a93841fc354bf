"""Which column of a table is what: named by the user, else found by the names of the field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exchange.strict_json import shortened
from protocol.errors import ProtocolError

ROLES: dict[str, tuple[str, ...]] = {
    "question": (
        *("question", "prompt", "input", "messages", "conversations", "conversation"),
        *("instruction", "user", "user_prompt", "query"),
    ),
    "completion": (
        *("completion", "answer", "response", "output", "generation", "text"),
        *("completions", "answers", "responses", "outputs", "generations"),
    ),
    "condition": ("condition", "persona", "setting", "group"),
    "system_prompt": ("system_prompt", "system", "system_message"),
    "prompt_known": ("prompt_known",),
    "target": ("model", "target", "model_name", "model_id", "model_path"),
    "question_id": ("question_id", "prompt_id", "qid", "id"),
    "epoch": (
        *("epoch", "sample", "sample_idx", "sample_index"),
        *("completion_idx", "completion_index"),
    ),
    "stop_reason": ("stop_reason", "finish_reason"),
}
NONE = "none"
ALIGNED = ("aligned", "alignment", "aligned_score", "alignment_score")
COHERENT = ("coherent", "coherence", "coherent_score", "coherence_score")
REASONING = ("reasoning", "explanation", "judge_reasoning", "rationale")


@dataclass(frozen=True)
class TableChoices:
    """What the user says of a table; None leaves it to the names of its columns.

    Attributes:
        question: The column of the questions (or of chat messages).
        completion: The column of the completions; `none` for verdicts without texts.
        condition: A column, or the name of the one condition of all rows.
        epoch: The column that numbers a question's completions; `none` to number them as they come.
        scores: The column with a judge's `aligned` by the judge's name.
        judge: The name of the judge of columns that name none, such as `aligned`.
        ignore_scores: Whether to leave verdicts out, to judge anew.
    """

    question: str | None = None
    completion: str | None = None
    condition: str | None = None
    epoch: str | None = None
    scores: Mapping[str, str] = field(default_factory=dict)
    judge: str | None = None
    ignore_scores: bool = False


@dataclass(frozen=True)
class JudgeColumns:
    """The columns of one judge's verdicts."""

    aligned: str
    coherent: str | None = None
    reasoning: str | None = None
    failure: str | None = None
    detail: str | None = None
    model: str | None = None
    instrument: str | None = None


@dataclass(frozen=True)
class Columns:
    """Which column is what; roles that no column has are absent."""

    roles: dict[str, str]
    judges: dict[str, JudgeColumns]

    def used(self) -> set[str]:
        """Return the columns that mean something here."""
        of_judges = {name for judge in self.judges.values() for name in vars(judge).values()}
        return {*self.roles.values(), *of_judges} - {None}


def find_columns(
    names: Sequence[str], every: Sequence[str], choices: TableChoices, where: str
) -> Columns:
    """Find out which column is what.

    Args:
        names: The columns that hold anything at all.
        every: All columns; one without a value may still be a judge's, whose verdicts all failed.
        choices: What the user says.
        where: The file, for messages.

    Raises:
        ProtocolError: A role has two candidates or, where it is needed, none; a column that the user
            names is not there; verdicts have no judge's name.
    """
    for column in [choices.question, choices.completion, choices.epoch, *choices.scores.values()]:
        if column not in (None, NONE, *names):
            raise ProtocolError(f"{where} has no column {shortened(str(column))}. {_listed(names)}")
    roles: dict[str, str] = {}
    for role, known in ROLES.items():
        given = getattr(choices, role, None)
        if given is not None and given in names:
            roles[role] = str(given)
        elif given is None and (column := _candidate(role, known, names, where)) is not None:
            roles[role] = column
    if "question" not in roles:
        raise no_column("question", names, where)
    judges = {} if choices.ignore_scores else _judges(names, every, choices, where)
    return Columns(roles, judges)


def no_column(role: str, names: Sequence[str], where: str) -> ProtocolError:
    """Return the error for a table without a column that it needs."""
    without = " or --completion none for verdicts without texts" if role == "completion" else ""
    return ProtocolError(
        f"{where}: no column is the {role}. {_listed(names)} Say which with --{role} COLUMN{without} "
        f"(found by themselves: {', '.join(ROLES[role])})."
    )


def plain(name: str) -> str:
    """Return a column's name as it is compared: small letters, one kind of joint."""
    return re.sub(r"[\s\-]+", "_", name.strip().lower())


def _candidate(role: str, known: Sequence[str], names: Sequence[str], where: str) -> str | None:
    found = [name for name in names if plain(name) in known]
    if role == "question_id" and len(found) > 1:
        found = [name for name in found if plain(name) != "id"]
    if len(found) > 1:
        raise ProtocolError(
            f"{where}: {len(found)} columns could be the {role.replace('_', ' ')}: "
            f"{', '.join(map(shortened, found))}. {_way_out(role)}"
        )
    return found[0] if found else None


def _way_out(role: str) -> str:
    if role in {"question", "completion", "condition", "epoch"}:
        return f"Say which with --{role} COLUMN."
    return "Rename or remove the others."


def _judges(
    names: Sequence[str], every: Sequence[str], choices: TableChoices, where: str
) -> dict[str, JudgeColumns]:
    by_plain = {plain(name): name for name in every}
    judges = {}
    for judge, aligned in choices.scores.items():
        if not judge.isidentifier():
            raise ProtocolError(
                f"--score {judge}={aligned}: {shortened(judge)} is no name of a judge. Use letters, "
                "digits and _."
            )
        prefix, _ = _split_score(plain(aligned)) or (plain(judge), "")
        judges[judge] = _siblings(aligned, prefix, by_plain, only=len(choices.scores) == 1)
    if judges:
        return judges
    for name in every:
        split = _split_score(plain(name))
        if split is None or not split[0]:
            continue
        columns = _siblings(name, split[0], by_plain, only=False)
        # `mean_aligned` or `is_aligned` is nobody's verdict; a judge gives both numbers.
        if split[0].isidentifier() and columns.coherent is not None:
            judges[name[: len(split[0])]] = columns
    unnamed = [name for name in names if plain(name) in ALIGNED]
    if len(unnamed) > 1:
        raise ProtocolError(
            f"{where}: {len(unnamed)} columns could be the judge's score: "
            f"{', '.join(map(shortened, unnamed))}. Say which with --score NAME=COLUMN, or leave "
            "verdicts out with --no-scores."
        )
    if unnamed:
        if choices.judge is None:
            raise ProtocolError(
                f"{where} has verdicts in {shortened(unnamed[0])} and does not say whose. Name the "
                "judge with --judge NAME=MODEL, or leave verdicts out with --no-scores."
            )
        judges[choices.judge] = _siblings(unnamed[0], "", by_plain, only=True)
    return judges


def _split_score(name: str) -> tuple[str, str] | None:
    """Split `sonnet_aligned` into a judge's name and the kind; the name may be empty."""
    for ending in sorted(ALIGNED, key=len, reverse=True):
        if name == ending:
            return "", ending
        if name.endswith((f"_{ending}", f".{ending}")):
            return name[: -len(ending) - 1], ending
    return None


def _siblings(aligned: str, prefix: str, by_plain: Mapping[str, str], only: bool) -> JudgeColumns:
    def sibling(kinds: Sequence[str]) -> str | None:
        wanted = [f"{prefix}{joint}{kind}" for kind in kinds for joint in "_."] if prefix else []
        wanted += list(kinds) if only else []
        return next((by_plain[name] for name in wanted if name in by_plain), None)

    return JudgeColumns(
        aligned=aligned,
        coherent=sibling(COHERENT),
        reasoning=sibling(REASONING),
        failure=sibling(["reason"]) if prefix else None,
        detail=sibling(["detail"]) if prefix else None,
        model=sibling(["model"]) if prefix else None,
        instrument=sibling(["instrument"]) if prefix else None,
    )


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(shortened(name, 40) for name in names[:most])
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"It has the columns {shown}{more}." if names else "It has no column with a value."
