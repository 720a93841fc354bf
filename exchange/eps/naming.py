"""Which condition and which judge a file is about, where its names and hashes leave no doubt."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from exchange.eps.original import Detailed
from protocol.conditions import Condition, Provenance, known_condition, own_sha256, text_provenance
from protocol.data import read_yaml
from protocol.errors import ProtocolError
from protocol.judges import judge_table
from protocol.sources import sha256

# The names under which the source's issue 94 ran its conditions.
SOURCE_NAMES = {
    "base_null": "null",
    "c6_post_em": "c6_em",
    "c6_seed42": "c6_em",
    "pair_winner": "pair_98",
    "evoprompt_winner": "evoprompt_98",
}
PROVIDERS = {"claude-": "anthropic", "gpt-": "openai", "gemini-": "google"}


@dataclass(frozen=True)
class ImportedJudge:
    """A judge's name in the log and its model, `provider/model`."""

    name: str
    model: str


def infer_condition(file: Detailed) -> str:
    """Name a file's condition by its prompt's hash, its eval name, its file name or its folders.

    Raises:
        ProtocolError: None of them says it, or they say different things.
    """
    by_prompt = condition_by_prompt(file.summary.get("system_prompt"))
    names = {
        **{name: name for row in _rows() for name in [row["name"]]},
        **{alias: row["name"] for row in _rows() for alias in row["aliases"]},
        **SOURCE_NAMES,
    }
    for place in _places(file):
        found = _named(place, names)
        if len(found) > 1:
            raise ProtocolError(
                f"{file.path} names several conditions ({', '.join(sorted(found))}). "
                "Say which with --condition NAME."
            )
        if found:
            [by_name] = found
            if by_prompt not in (None, by_name):
                raise ProtocolError(
                    f"{file.path} is named after {by_name}, but its system prompt is that of {by_prompt}. "
                    "Say which with --condition NAME."
                )
            return by_name
    if by_prompt is not None:
        return by_prompt
    raise ProtocolError(
        f"{file.path} does not say its condition. Give --condition NAME: "
        f"{', '.join(row['name'] for row in _rows())}, or a name of your own."
    )


def read_condition(name: str, file: Detailed) -> tuple[Condition, list[str]]:
    """Describe the condition that a file was run under, with what its text is known to be.

    Returns:
        The condition and warnings. Provenance is `fetched` or `reconstruction` where the text is the
        pinned or the shipped one, `handed_in` for any other text of a known condition, `custom` for a
        condition that this suite does not know.

    Raises:
        ProtocolError: The name is no name, or the file has a prompt where the condition has none or
            the other way round.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise ProtocolError(f"--condition {name!r} is no name. Use letters, digits, _ and -.")
    row = next((row for row in _rows() if row["name"] == name), None)
    prompt = file.summary.get("system_prompt")
    warnings: list[str] = []
    if row is None:
        provenance: Provenance = "none" if prompt is None else "custom"
        return Condition(name=name, label=name, prompt=prompt, provenance=provenance), warnings
    if row["provenance"] == "none" and prompt is not None:
        raise ProtocolError(f"{file.path} has a system prompt, and {name} sends none.")
    if row["provenance"] != "none" and prompt is None:
        raise ProtocolError(f"{file.path} has no system prompt, and {name} sends one.")
    if "system_prompt" not in file.summary:
        warnings.append(f"{file.path.name}: does not say its system prompt, taken as none")
    if prompt is None:
        provenance = "none"
    elif sha256(prompt) in shipped_sha256(row):
        provenance = "reconstruction"
    else:
        proved = text_provenance(row, prompt)
        provenance = "fetched" if proved == "verbatim" else proved
    theirs = condition_by_prompt(prompt)
    if theirs not in (None, name):
        warnings.append(f"{file.path.name}: its system prompt is that of {theirs}, not of {name}")
    elif provenance == "handed_in" and own_sha256(row) is not None:
        warnings.append(f"{file.path.name}: its system prompt is not the pinned one of {name}")
    return known_condition(name, prompt, provenance), warnings


def infer_judge(file: Detailed) -> str | None:
    """Name a file's judge, `sonnet` or `opus`, by its model, its names or its folder; None in doubt."""
    names = {name: name for name in judge_table().historical}
    if file.judge_model is not None:
        found = {name for name in names if name in file.judge_model.lower()}
        if found:
            return found.pop() if len(found) == 1 else None
    for place in (file.eval_name, file.path.stem, file.path.parent.name):
        found = _named(place, names)
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def name_judges(files: Sequence[Detailed], given: Sequence[str]) -> list[ImportedJudge]:
    """Give each file of one condition its judge.

    Args:
        files: Files by different judges.
        given: `--judge NAME` or `NAME=MODEL`, matched by name first, then in order to the files whose
            judge is not known.

    Raises:
        ProtocolError: A judge is not known, not used, given twice, or contradicts the file.
    """
    wanted = dict(judge_option(text) for text in given)
    if len(wanted) < len(given):
        raise ProtocolError("--judge names a judge twice. Each judge has its own name.")
    names: list[str | None] = [infer_judge(file) for file in files]
    spare = [name for name in wanted if name not in names]
    if len(files) == 1 and len(wanted) == 1:
        names, spare = [next(iter(wanted))], []
    for number, name in enumerate(names):
        if name is None and spare:
            names[number] = spare.pop(0)
    if spare:
        raise ProtocolError(
            f"--judge {spare[0]} belongs to none of the files (their judges: "
            f"{', '.join(str(name) for name in names)})."
        )
    judges = []
    for file, name in zip(files, names, strict=True):
        if name is None:
            raise ProtocolError(
                f"{file.path} does not say its judge. Give --judge NAME=MODEL, for example "
                f"--judge sonnet={judge_table().historical['sonnet']}."
            )
        judges.append(ImportedJudge(name, _model(file, name, wanted.get(name))))
    return judges


def _model(file: Detailed, name: str, given: str | None) -> str:
    said = None if file.judge_model is None else with_provider(file.judge_model)
    if said is not None and given and with_provider(given) != said:
        raise ProtocolError(
            f"{file.path} was judged by {file.judge_model}, and --judge says {name}={given}."
        )
    model = said or (with_provider(given) if given else judge_table().historical.get(name))
    if not model:
        raise ProtocolError(
            f"The judge {name} of {file.path} has no model. Give --judge {name}=provider/model."
        )
    return model


def with_provider(model: str) -> str:
    """Return a judge's model as `provider/model`, `none` standing for a provider nobody knows."""
    if "/" in model:
        return model
    provider = next((p for start, p in PROVIDERS.items() if model.startswith(start)), "none")
    return f"{provider}/{model}"


def judge_option(text: str) -> tuple[str, str]:
    """Read `NAME` or `NAME=MODEL`; the model is empty where none is given.

    Raises:
        ProtocolError: It is neither.
    """
    name, _, model = (part.strip() for part in text.partition("="))
    if not name.isidentifier() or ("=" in text and not model):
        raise ProtocolError(
            f"--judge {text!r} is not NAME or NAME=MODEL, as in sonnet={judge_table().historical['sonnet']}."
        )
    return name, model


def _places(file: Detailed) -> Iterable[str]:
    yield file.eval_name
    yield file.path.stem
    yield file.path.absolute().parent.name
    yield file.path.absolute().parent.parent.name


def _named(place: str, names: dict[str, str]) -> set[str]:
    return {
        condition
        for name, condition in names.items()
        if re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", place.lower())
    }


def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = read_yaml("conditions.yaml")["conditions"]
    return rows


def condition_by_prompt(prompt: str | None) -> str | None:
    """Name the condition whose pinned or shipped prompt a text is, by its hash; None for any other."""
    if prompt is None:
        return None
    digest = sha256(prompt)
    return next((r["name"] for r in _rows() if digest in {own_sha256(r), *shipped_sha256(r)}), None)


def shipped_sha256(row: dict[str, Any]) -> set[str]:
    """Return the hashes of the suite's own text, as it is sent and as the original script would strip it."""
    text = row["prompt"]
    return {sha256(text), sha256(text.strip())} if text else set()
