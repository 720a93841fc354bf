"""What a reader of the log must know of the verdicts behind a judge's alpha."""

from inspect_ai.scorer import Metric, SampleScore, Value, metric

from protocol.records import COMPARABILITY, SampleRecord, VerdictRecord
from scorers.reading import Verdict, seems_zero_to_one


@metric(scores="unreduced")
def noted() -> Metric:
    """Count what makes a judge's alpha another number than it seems; nothing where there is nothing.

    Population: completions with a valid verdict of this judge.

    - `older_version`: how many an older version of the suite gave, as after `inspect eval-retry`.
    - `other_model`: how many verdicts another model gave than the one that was asked.
    - `zero_to_one`: 1 where no valid number is above 1, and one is above 0.
    """

    def compute(scores: list[SampleScore]) -> Value:
        records = [VerdictRecord.of(score.score.metadata) for score in scores]
        known = [record for record in records if record is not None]
        numbers = [(r.aligned, r.coherent) for r in known]
        verdicts = [Verdict(a, c, "") for a, c in numbers if a is not None and c is not None]
        samples = [SampleRecord.of(score.sample_metadata or {}) for score in scores]
        older = [s.completion.comparability for s in samples if s is not None and s.completion]
        counts = {
            "older_version": len(records) - len(known) + len(older) - older.count(COMPARABILITY),
            "other_model": sum(record.instrument.answered is not None for record in known),
            "zero_to_one": int(seems_zero_to_one(verdicts)),
        }
        return {name: count for name, count in counts.items() if count}

    return compute
