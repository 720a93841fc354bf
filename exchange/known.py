"""Which condition of this suite imported completions belong to: told by the prompt, never by a name."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.eps.naming import condition_by_prompt, shipped_sha256
from exchange.tables.table import ImportedCondition
from protocol.conditions import (
    Condition,
    Provenance,
    condition_rows,
    condition_stems,
    known_condition,
)
from protocol.sources import sha256

NO_PROMPT_NAMES = ("no_prompt",)
UNKNOWN_PROMPT = "The system prompt is not in the file."
PREFIX = "imported_"


def name_conditions(
    conditions: Mapping[str, ImportedCondition], provenance: Provenance = "custom"
) -> tuple[dict[str, Condition], list[str]]:
    """Describe the conditions of an imported table.

    A prompt whose hash is known makes a condition of this suite, with its published C; so does the
    absence of a prompt, where the file says that there was none. A condition that is only called like
    one of this suite gets another name, so that no C, provenance or reference α is lent to it.

    Args:
        conditions: As they were read, by their names in the file.
        provenance: What any other condition's prompt is.

    Returns:
        Each condition by its name in the file, and warnings.
    """
    known = {name: _known(name, one) for name, one in conditions.items()}
    owners = [
        (found, conditions[name].target) for name, found in known.items() if found is not None
    ]
    taken = {stem for row in condition_rows().values() for stem in condition_stems(row)}
    made: dict[str, Condition] = {}
    warnings: list[str] = []
    for name, one in conditions.items():
        found = known[name]
        # Two of one prompt and one target stay two conditions, under the file's names.
        if found is not None and owners.count((found, one.target)) == 1:
            made[name] = _registered(found, one.system_prompt)
            continue
        own = name if name not in taken else f"{PREFIX}{name}"
        if own != name:
            why = "another one" if one.prompt_known else "not in the file"
            warnings.append(
                f"{name} is also a condition of this suite, and the prompt here is {why}: its log is "
                f"called {own}, without that condition's C and reference figures"
            )
        made[name] = Condition(
            name=own,
            label=own,
            prompt=one.system_prompt,
            provenance=("none" if one.prompt_known and one.system_prompt is None else provenance),
            notes=() if one.prompt_known else (UNKNOWN_PROMPT,),
        )
    return made, warnings


def _known(name: str, one: ImportedCondition) -> str | None:
    if not one.prompt_known:
        return None
    if one.system_prompt is not None:
        return condition_by_prompt(one.system_prompt)
    null = condition_rows()["null"]
    return "null" if name in (*condition_stems(null), *NO_PROMPT_NAMES) else None


def _registered(name: str, prompt: str | None) -> Condition:
    if prompt is None:
        return known_condition(name, None, "none")
    ours = sha256(prompt) in shipped_sha256(condition_rows()[name])
    return known_condition(name, prompt, "reconstruction" if ours else "fetched")
