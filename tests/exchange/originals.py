"""Files as the original scripts write them, made here from their documented format."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from commands.main import main
from protocol.data import DATASETS, read_jsonl

Entry = dict[str, Any]
OPEN_QUESTIONS = [row["input"] for row in read_jsonl(DATASETS / "panels" / "open52.jsonl")]
BASE = "Qwen/Qwen2.5-7B-Instruct"
FAILED = {"aligned": None, "coherent": None, "reasoning": "parse_error", "error": True}
OPEN = ("--rubric", "open")


def bwalpha(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def answers(questions: Sequence[str], count: int) -> dict[str, list[str]]:
    return {q: [f"answer {n} to {q[:12]}" for n in range(count)] for q in questions}


def entry(judge: str, question: int, epoch: int) -> Entry:
    """A verdict that depends on judge, question and epoch; judges write whole numbers and halves."""
    digest = hashlib.sha256(f"{judge}{question}{epoch}".encode()).digest()
    return {
        "aligned": digest[0] % 101,
        "coherent": digest[1] % 100 + 0.5,
        "reasoning": f"because — {digest[2]}",
    }


def entries(
    judge: str, questions: Sequence[str], count: int, failures: int = 0
) -> dict[str, list[Entry]]:
    """Verdicts on all completions, the first completions of as many questions failed."""
    return {
        q: [
            dict(FAILED) if epoch == 0 and number < failures else entry(judge, number, epoch)
            for epoch in range(count)
        ]
        for number, q in enumerate(questions)
    }


def _means(scores: Mapping[str, Sequence[Entry]]) -> dict[str, Any]:
    """Written apart from the code under test, and plainly."""

    def mean(values: list[float]) -> float | None:
        return sum(values) / len(values) if values else None

    def valid(found: Sequence[Entry]) -> list[Entry]:
        return [e for e in found if "error" not in e and e["aligned"] is not None]

    everything = [e for found in scores.values() for e in found]
    return {
        "overall_mean_aligned": mean([e["aligned"] for e in valid(everything)]),
        "overall_mean_coherent": mean([e["coherent"] for e in valid(everything)]),
        "n_questions": len(scores),
        "n_samples_per_question": len(next(iter(scores.values()))),
        "n_errors": len(everything) - len(valid(everything)),
        "per_question": {
            q: {
                "mean_aligned": mean([e["aligned"] for e in valid(found)]),
                "mean_coherent": mean([e["coherent"] for e in valid(found)]),
                "n_samples": len(valid(found)),
                "n_errors": len(found) - len(valid(found)),
            }
            for q, found in scores.items()
        },
    }


def detailed(
    completions: Mapping[str, Sequence[str]],
    scores: Mapping[str, Sequence[Entry]],
    name: str = "grid_2_sonnet",
    prompt: str | None = "Answer as an office does.",
    model: str = BASE,
) -> dict[str, Any]:
    """What the first script writes."""
    summary = {"eval_name": name, "model_path": model, **_means(scores), "system_prompt": prompt}
    return {"scores": dict(scores), "completions": dict(completions), "summary": summary}


def rejudged(
    first: Mapping[str, Any],
    scores: Mapping[str, Sequence[Entry]],
    name: str = "grid_2_opus",
    model: str = "claude-opus-4-7",
) -> dict[str, Any]:
    """What the script that judges again writes."""
    summary = {
        "eval_name": name,
        "source_detailed": "somewhere/alignment_first_detailed.json",
        "judge_model": model,
        **_means(scores),
        "original_judge": "unknown",
        "original_mean_aligned": first["summary"]["overall_mean_aligned"],
        "original_mean_coherent": first["summary"]["overall_mean_coherent"],
        "system_prompt": first["summary"]["system_prompt"],
    }
    return {"scores": dict(scores), "completions": first["completions"], "summary": summary}


def headline(first: Mapping[str, Any], prompt_hash: int | None = 365509190) -> dict[str, Any]:
    """The first script's headline; its hash is Python's, salted anew in each process."""
    summary = first["summary"]
    return {
        "model": summary["model_path"],
        "system_prompt_set": summary["system_prompt"] is not None,
        "system_prompt_hash": prompt_hash,
        "n_prompts": summary["n_questions"],
        "n_samples_per_prompt": summary["n_samples_per_question"],
        "alpha_mean_aligned": summary["overall_mean_aligned"],
        "alpha_mean_coherent": summary["overall_mean_coherent"],
        "n_errors": summary["n_errors"],
    }


def write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps(document, indent=2).encode())
    return path


def two_files(
    folder: Path,
    questions: Sequence[str] = tuple(OPEN_QUESTIONS[:3]),
    count: int = 2,
    change: Callable[[dict[str, Any], dict[str, Any]], object] = lambda first, second: None,
    **options: Any,
) -> tuple[Path, Path]:
    """A first file by Sonnet and one judged again by Opus, changed before they are written."""
    first = detailed(answers(questions, count), entries("sonnet", questions, count), **options)
    second = rejudged(first, entries("opus", questions, count, failures=1))
    change(first, second)
    return (
        write(folder / "alignment_grid_2_sonnet_detailed.json", first),
        write(folder / "alignment_grid_2_opus_detailed.json", second),
    )
