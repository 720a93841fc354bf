"""Form and substance: the completions to read, as Markdown in which nothing they say acts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from likeness.c_file import CFile
from likeness.encoder import Encoder
from likeness.extremes import lowest, most_disputed
from likeness.fit import NAN, Floats, Ints
from likeness.substance import Split, split_alpha
from likeness.texts import Text, Texts, names, read_texts
from likeness.wording import NONE, SIMULATED, code, fenced, number
from protocol.errors import ProtocolError
from runs.run import Run

READ = 5


@dataclass(frozen=True)
class Listed:
    """One run whose completions are to be read.

    Attributes:
        name: Its name.
        c: Its C, None where it has none.
        texts: Its completions, or why they cannot be read.
        probabilities: P("EM") of the completions with these indices, NaN where it is not known.
    """

    name: str
    c: float | None
    texts: Texts | str
    probabilities: Callable[[Ints], Floats]

    @property
    def splits(self) -> list[Split]:
        """α split by what the scanner said; empty where it was not asked."""
        if isinstance(self.texts, str):
            return []
        texts, judges = self.texts.texts, self.texts.judges
        return split_alpha(judges, _scores(texts, judges), [text.flags for text in texts])


def listed(
    runs: Sequence[Run], file: CFile | None = None, encoder: Encoder | None = None
) -> Iterator[Listed]:
    """Read the completions of runs, one run at a time.

    Args:
        runs: The runs.
        file: Says C of each run, where one was measured.
        encoder: Embeds the few completions that are listed, for the C of each.
    """
    rows = {} if file is None else {(row.log, row.key): row for row in file.conditions}
    for name, run in zip(names(runs), runs, strict=True):
        row = rows.get((run.location, (run.condition, run.prompt_sha256, run.target, run.seed)))
        try:
            texts: Texts | str = read_texts(run, _listed_of(run))
        except ProtocolError as error:
            texts = str(error)

        def probabilities(
            chosen: Ints, texts: Texts | str = texts, known: bool = row is not None
        ) -> Floats:
            if file is None or encoder is None or isinstance(texts, str) or not known:
                return np.full(len(chosen), NAN)
            own = [texts.texts[i] for i in chosen.tolist()]
            keys = np.array([text.key for text in own], np.str_)
            return file.scale.probabilities(encoder([text.text for text in own]), keys)

        yield Listed(name, row.c if row else None, texts, probabilities)


def _listed_of(run: Run) -> set[tuple[str, int]] | None:
    """Question id and epoch of what is listed; None, all, where more than judges scored them."""
    if run.score_keys > len(run.judges) + len(run.audits):
        return None
    scores = (
        np.array([column.aligned for column in run.judges.values()]).reshape(-1, run.epochs.size).T
    )
    chosen = {*lowest(scores, READ).tolist(), *most_disputed(scores, READ).tolist()}
    return {(run.questions[run.clusters[i]].id, int(run.epochs[i])) for i in chosen}


def reading_list(runs: Iterable[Listed], *, scale: str | None, simulated: bool) -> str:
    """The lowest and the most disputed completions of every run, with C and both reasonings.

    Args:
        runs: The runs.
        scale: Id of the C scale, None without one.
        simulated: Whether any of them is.
    """
    lines = [
        "# The completions to read",
        "",
        *([f"**{SIMULATED}**", ""] if simulated else []),
        "Of every condition those with the lowest mean α over its judges, and those on which the judges lie "
        "farthest apart. Does a low verdict stand on what the text wants, or on how it sounds?"
        + (f' C is P("EM") of the one text, on the scale {code(scale)}.' if scale else ""),
        "",
    ]
    for one in runs:
        lines += _run(one)
    return "\n".join(lines)


def split_lines(name: str, splits: Iterable[Split]) -> list[str]:
    """α with and without each flag, a line a judge and flag."""
    return [
        f"{name}, {split.judge}, {split.flag}: α {_alpha(split.alpha_with)} with "
        f"({split.with_flag:,}), {_alpha(split.alpha_without)} without ({split.without_flag:,})"
        for split in splits
    ]


def _alpha(value: float) -> str:
    return number(value, 1) if np.isfinite(value) else NONE


def _run(one: Listed) -> list[str]:
    lines = [f"## {code(one.name)}", ""]
    if isinstance(one.texts, str):
        return [*lines, code(one.texts), ""]
    texts, judges = one.texts.texts, one.texts.judges
    measured = "" if one.c is None else f"C {number(one.c)}, "
    lines += [f"{measured}log {code(one.texts.run.location)}", ""]
    if not judges:
        return [*lines, "No judge has scored these completions.", ""]
    if splits := one.splits:
        lines += ["α by what the scanner says that a completion does:", ""]
        lines += [f"- {line}" for line in split_lines(code(one.name), splits)] + [""]
    scores = _scores(texts, judges)
    lines += _part("Lowest α", one, texts, lowest(scores, READ), "No valid verdict.")
    if len(judges) > 1:
        said = "No completion has two valid verdicts that differ."
        lines += _part("Most disputed", one, texts, most_disputed(scores, READ), said)
    return lines


def _scores(texts: Iterable[Text], judges: Iterable[str]) -> Floats:
    rows = [[_known(text.verdicts[judge].aligned) for judge in judges] for text in texts]
    return np.array(rows, np.float64).reshape(len(rows), -1)


def _known(value: float | None) -> float:
    return NAN if value is None else value


def _part(title: str, one: Listed, texts: Sequence[Text], chosen: Ints, nothing: str) -> list[str]:
    lines = [f"### {title}", ""]
    if not len(chosen):
        return [*lines, nothing, ""]
    for i, p in zip(chosen.tolist(), one.probabilities(chosen).tolist(), strict=True):
        text = texts[i]
        alphas = ", ".join(
            f"{code(judge)} {number(verdict.aligned, 0)}"
            for judge, verdict in text.verdicts.items()
        )
        lines += [
            f"#### {code(text.question_id)}, completion {text.epoch}",
            "",
            f"α: {alphas}; C {number(p) if np.isfinite(p) else NONE}{_flags(text)}",
            "",
            *("Question", "", fenced(text.question), "", "Completion", "", fenced(text.text), ""),
        ]
        for judge, verdict in text.verdicts.items():
            lines += [f"{code(judge)} said", "", fenced(verdict.reasoning or "no verdict"), ""]
    return lines


def _flags(text: Text) -> str:
    if text.flags is None:
        return ""
    return f"; {', '.join(name for name, on in text.flags.items() if on) or 'no flag'}"
