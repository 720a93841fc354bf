"""What an imported log says of the files it was made from."""

from collections.abc import Sequence
from typing import Any

from exchange.eps.aggregation import aggregate
from exchange.eps.entries import read_entry
from exchange.eps.naming import ImportedJudge
from exchange.eps.original import Detailed
from exchange.eps.records import NAME, Record
from exchange.strict_json import fingerprint, packed, read_object
from protocol.errors import ProtocolError
from protocol.records import Imported, ImportedFile, RunMetadata

ONE_SEED = "one seed for all completions of a question (vLLM, n completions a request)"
OWN_SEEDS = "a seed of its own for every completion"


def origin(
    files: Sequence[Detailed],
    judges: Sequence[ImportedJudge],
    record: Record | None,
    warnings: Sequence[str],
) -> Imported:
    """Describe the files for the log's metadata, so that an export gives back the same ones."""
    own_seeds = record is not None and has_own_seeds(record.metadata)
    return Imported(
        files=tuple(
            ImportedFile(
                name=file.path.name,
                sha256=file.sha256,
                judge=judge.name,
                summary=packed(_summary(file)),
                scores_fingerprint=fingerprint(file.scores),
                system_prompt_hash=_prompt_hash(file),
            )
            for file, judge in zip(files, judges, strict=True)
        ),
        restored_from=None if record is None else NAME,
        own_seeds=own_seeds,
        seeding=OWN_SEEDS if own_seeds else ONE_SEED,
        warnings=tuple(warnings),
    )


def has_own_seeds(metadata: RunMetadata) -> bool:
    """Tell whether every completion of a log was sampled with a seed of its own."""
    return metadata.imported is None or metadata.imported.own_seeds


def odd_entries(file: Detailed) -> list[str]:
    """Name the scores that the original scripts count and this suite does not, kind by kind."""
    found: dict[str, int] = {}
    for entries in file.scores.values():
        for entry in entries:
            warning = read_entry(entry).warning
            if warning:
                found[warning] = found.get(warning, 0) + 1
    return [
        f"{file.path.name}: {count} scores whose {warning}; the original counts them, alpha here does not"
        for warning, count in found.items()
    ]


def _summary(file: Detailed) -> dict[str, Any]:
    summary = dict(file.summary)
    follows = aggregate(file.scores)["per_question"]
    if fingerprint(summary["per_question"]) == fingerprint(follows):
        # It follows from the scores, and would repeat every question in the log's header.
        summary["per_question"] = None
    return summary


def _prompt_hash(file: Detailed) -> int | None:
    """The salted hash in the headline beside a file, which nothing can compute again."""
    for folder in (file.path.absolute().parent, file.path.absolute().parent.parent):
        path = folder / "headline.json"
        if not path.is_file():
            continue
        try:
            headline, _ = read_object(path)
        except ProtocolError:
            return None
        matches = headline.get("alpha_mean_aligned") == file.summary["overall_mean_aligned"]
        value = headline.get("system_prompt_hash")
        return value if matches and isinstance(value, int) else None
    return None
