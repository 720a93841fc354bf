"""The verbatim prompt folder, made from search results or from a folder of texts."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exchange.eps.strict_json import read_json
from exchange.folders import new_folder
from exchange.found_prompts import (
    Found,
    condition_called,
    prompted_conditions,
    scores_of,
    walk_prompts,
)
from protocol.errors import ProtocolError
from protocol.manifests import NAME, check_manifest, manifest_entries
from protocol.sources import sha256
from protocol.texts import read_text

SCHEMA = 1


def write_prompts(
    paths: Sequence[Path], out: Path, picks: Sequence[str] = ()
) -> tuple[dict[str, Found], list[str]]:
    """Find the conditions' prompts and write them as a folder for `-T prompts=`.

    Args:
        paths: JSON files of search results, `<condition>.txt` files, or folders of them.
        out: A new folder: `<condition>.txt` to the letter, and `manifest.json`.
        picks: `CONDITION=PLACE`, the place as in `winners[0].system_prompt`, where names and C do
            not say which prompt is whose.

    Returns:
        What was found by condition, and warnings.

    Raises:
        ProtocolError: Nothing was found, or it is not clear which prompt is a condition's.
    """
    found = [prompt for path in paths for prompt in _read(path)]
    chosen, warnings = assign(found, picks)
    if not chosen:
        places = "; ".join(prompt.place for prompt in found[:5]) or "no prompt at all"
        raise ProtocolError(
            f"No prompt of {', '.join(prompted_conditions())} found by name or by C. Found: {places}. Say "
            "which is which with --pick CONDITION=PLACE."
        )
    with new_folder(out) as folder:
        for name, prompt in chosen.items():
            (folder / f"{name}.txt").write_bytes(_encoded(prompt))
        text = json.dumps(_manifest(chosen), indent=2, ensure_ascii=False)
        (folder / NAME).write_text(text + "\n", encoding="utf-8")
    return chosen, warnings


def assign(found: Sequence[Found], picks: Sequence[str] = ()) -> tuple[dict[str, Found], list[str]]:
    """Give each condition its prompt, by pick, else by name, else by its published C.

    Raises:
        ProtocolError: Name and C contradict each other, one prompt fits several conditions, a
            condition fits several texts, or a pick fits nothing.
    """
    by_condition: dict[str, list[Found]] = {}
    warnings: list[str] = []
    picked = _picks(picks, found)
    for prompt in found:
        owners = [name for name, chosen in picked.items() if chosen == prompt]
        for condition in owners or _owner(prompt, warnings):
            if owners or condition not in picked:
                by_condition.setdefault(condition, []).append(prompt)
    for condition, prompts in by_condition.items():
        if len({prompt.text for prompt in prompts}) > 1:
            places = "; ".join(prompt.place for prompt in prompts)
            raise ProtocolError(
                f"{condition} has {len({p.text for p in prompts})} different prompts: {places}. Say which "
                "with --pick CONDITION=PLACE, or leave the others out."
            )
    owned = {prompt.text for prompts in by_condition.values() for prompt in prompts}
    others = sum(prompt.text not in owned for prompt in found)
    if others:
        warnings.append(f"{others} prompts belong to no condition and were left out")
    order = [name for name in prompted_conditions() if name in by_condition]
    for name in order:
        text = by_condition[name][0].text
        if text != text.strip():
            warnings.append(
                f"{name}: blanks at its ends are kept; the original script strips them before sending"
            )
    return {name: by_condition[name][0] for name in order}, warnings


def _owner(prompt: Found, warnings: list[str]) -> list[str]:
    by_c = prompt.by_c
    if len(prompt.named) > 1:
        raise ProtocolError(f"{prompt.place} is named after {' and '.join(sorted(prompt.named))}.")
    if prompt.named:
        if by_c and not prompt.named & by_c:
            raise ProtocolError(
                f"{prompt.place} is named after {', '.join(prompt.named)}, and its C is that of "
                f"{', '.join(sorted(by_c))}. Say which with --pick CONDITION=PLACE."
            )
        [name] = prompt.named
        if prompt.c and not by_c:
            published = prompted_conditions()[name]["distributional_c"]
            warnings.append(f"{name}: C {prompt.c[0]:g} beside the prompt, {published:g} published")
        return [name]
    if len(by_c) > 1:
        raise ProtocolError(
            f"{prompt.place} fits {' and '.join(sorted(by_c))} by its C. Say which with --pick "
            "CONDITION=PLACE."
        )
    return list(by_c)


def _picks(picks: Sequence[str], found: Sequence[Found]) -> dict[str, Found]:
    picked: dict[str, Found] = {}
    for pick in picks:
        name, _, at = pick.partition("=")
        if name not in prompted_conditions() or not at:
            raise ProtocolError(
                f"--pick {pick!r} is not CONDITION=PLACE with one of {', '.join(prompted_conditions())}."
            )
        fitting = [prompt for prompt in found if prompt.at == at]
        if len({prompt.text for prompt in fitting}) != 1:
            places = "; ".join(prompt.place for prompt in (fitting or found)[:5])
            raise ProtocolError(
                f"--pick {pick}: {len(fitting)} prompts stand there. Found: {places}."
            )
        picked[name] = fitting[0]
    return picked


def _read(path: Path) -> list[Found]:
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.suffix in {".txt", ".json"})
        texts = [p for p in inside if p.suffix == ".json" or condition_called(p.name)]
        if not any(p.name != NAME for p in texts):
            raise ProtocolError(
                f"The folder {path} holds neither JSON nor <condition>.txt of "
                f"{', '.join(prompted_conditions())}."
            )
        return [prompt for p in texts if p.name != NAME for prompt in _read(p)]
    if path.suffix != ".txt":
        document, digest = read_json(path)
        return list(walk_prompts(document, path, digest))
    name = condition_called(path.name)
    if name is None:
        raise ProtocolError(
            f"{path} is not named after a condition: {', '.join(prompted_conditions())}."
        )
    text = read_text(path, "prompt")
    stems = [name, *(prompted_conditions()[name]["aliases"] or [])]
    check_manifest(path, stems, text)
    scores = [c for entry in manifest_entries(path.parent, stems) for c in scores_of(entry)]
    return [Found(text, path, sha256(text), "", frozenset({name}), tuple(dict.fromkeys(scores)))]


def _encoded(prompt: Found) -> bytes:
    try:
        return prompt.text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ProtocolError(
            f"{prompt.place} holds a lone surrogate, which no text file and no request can carry."
        ) from error


def _manifest(chosen: dict[str, Found]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "prompts": {
            name: {
                "file": f"{name}.txt",
                "sha256": hashlib.sha256(_encoded(prompt)).hexdigest(),
                "distributional_c": _own_c(name, prompt),
                "published_c": prompted_conditions()[name]["distributional_c"],
                "origin": {
                    "file": prompt.file.name,
                    "sha256": prompt.file_sha256,
                    "at": prompt.at,
                },
            }
            for name, prompt in chosen.items()
        },
    }


def _own_c(name: str, prompt: Found) -> float | None:
    published = prompted_conditions()[name]["distributional_c"]
    return min(prompt.c, key=lambda c: abs(c - published), default=None)
