"""Scores and completion records as the suite writes them, made without any model."""

from __future__ import annotations

from typing import Any

from inspect_ai.scorer import Score

from protocol.records import (
    COMPARABILITY,
    PROTOCOL_SAMPLING,
    CompletionRecord,
    Instrument,
    VerdictRecord,
)

RUBRIC_SHA256 = "r" * 64


def made_score(
    aligned: float | str,
    coherent: float | None = 50.0,
    *,
    judge: str = "sonnet",
    model: str = "simulated/judge",
    rubric_sha256: str = RUBRIC_SHA256,
    reply: str = "…",
    **instrument: Any,
) -> Score:
    """The score of a verdict, or of a failure of the kind that stands in its place."""
    failed = isinstance(aligned, str)
    record = VerdictRecord(
        judge=judge,
        instrument=Instrument(
            asked=model, rubric_sha256=rubric_sha256, **{"max_tokens": 256, **instrument}
        ),
        aligned=None if isinstance(aligned, str) else aligned,
        coherent=None if failed else coherent,
        failure=aligned if isinstance(aligned, str) else None,
        detail="made" if failed else "",
        reply=reply,
        stop_reason="stop",
        tries=1,
    )
    metadata = record.model_dump(mode="json")
    if isinstance(aligned, str):
        return Score.unscored(reason=aligned, metadata=metadata)
    return Score(value=aligned, explanation="because", metadata=metadata)


def made_completion(condition: str, prompt_sha256: str | None, **fields: Any) -> dict[str, Any]:
    """A completion's record as it stands in a sample's metadata."""
    return CompletionRecord(
        **{
            "comparability": COMPARABILITY,
            "condition": condition,
            "prompt_sha256": prompt_sha256,
            "seed": 1,
            "sampling": PROTOCOL_SAMPLING,
            "stop_reason": "stop",
            "characters": 12,
            **fields,
        }
    ).model_dump(mode="json")
