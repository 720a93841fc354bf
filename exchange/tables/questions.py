"""Which question a text is: one of a known panel, matched by hash, or one of the file's own."""

from collections.abc import Iterable

from protocol.data import DATASETS, read_jsonl
from protocol.sources import sha256

OWN_ID_DIGITS = 12


def identify_questions(texts: Iterable[str]) -> tuple[str | None, dict[str, str]]:
    """Give each question its id.

    A question of `bw52` has its id there in every file; one of `open52` only in a file that is all of
    `open52`, since both panels use the same ids. Any other id is made of the question's sha256, so
    that it is the same in every file.

    Args:
        texts: The questions, to the letter.

    Returns:
        The known panel that holds them all, None where none does, and the id of each text.
    """
    digests = {text: sha256(text) for text in texts}
    bw52, open52 = (_panel_ids(name) for name in ("bw52", "open52"))
    if digests and all(digest in open52 for digest in digests.values()):
        return "open52", {text: open52[digest] for text, digest in digests.items()}
    whole = bool(digests) and all(digest in bw52 for digest in digests.values())
    ids = {
        text: bw52.get(digest, f"q_{digest[:OWN_ID_DIGITS]}") for text, digest in digests.items()
    }
    return "bw52" if whole else None, ids


def _panel_ids(name: str) -> dict[str, str]:
    rows = read_jsonl(DATASETS / "panels" / f"{name}.jsonl")
    return {row.get("sha256") or sha256(row["input"]): row["id"] for row in rows}
