"""C on the published cells' real completions; rewrites the measured part of c_on_anchors.md.

    python -m benchmarks.c_on_anchors [--encoder DIR] [--cell NAME ...]

The first run encodes 11,440 completions; later ones take them from the cache.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np
import pandas as pd
from rich.progress import track

from likeness.cache import Cached
from likeness.confound import Correlation, correlation
from likeness.encoder import Encoder, MiniLM
from likeness.fit import FitSettings
from likeness.measure import Completions, Likeness, measure
from protocol.anchors import cells

DOCUMENT = Path(__file__).with_suffix(".md")
START, END = "<!-- made by benchmarks/c_on_anchors.py -->", "<!-- end of what it made -->"
BASE, EM = "baseline/assistant", "misalign_assistant/assistant"
VILLAIN, COMEDIAN = "baseline/villain", "baseline/comedian"
FITS: dict[str, tuple[str, tuple[str, ...], FitSettings]] = {
    "the fit above": (EM, (), FitSettings()),
    "villain and comedian as further negatives": (EM, (VILLAIN, COMEDIAN), FitSettings()),
    "another finetune": ("noncontrastive_moderate_misalign/assistant", (), FitSettings()),
    "regularisation 0.1": (EM, (), FitSettings(regularisation=0.1)),
    "regularisation 10": (EM, (), FitSettings(regularisation=10.0)),
    "folds that leak questions": (EM, (), FitSettings(grouped=False)),
}


def read(names: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per completion, and one per condition with its published α and coherence."""
    rows, published = [], []
    for cell in cells():
        if names and cell.name not in names:
            continue
        personas = json.loads(cell.completions.read_text(encoding="utf-8"))
        means = json.loads(cell.per_persona.read_text(encoding="utf-8"))
        for persona, questions in personas.items():
            condition = f"{cell.name}/{persona}"
            rows += [
                (condition, question, text)
                for question, texts in questions.items()
                for text in texts
            ]
            mean = means[persona]
            published.append((condition, cell.name, mean["mean_aligned"], mean["mean_coherent"]))
    return (
        pd.DataFrame(rows, columns=["condition", "question", "text"]),
        pd.DataFrame(published, columns=["condition", "cell", "alpha", "coherence"]),
    )


def columns(rows: pd.DataFrame, encoder: Encoder) -> Completions:
    """As likeness takes them."""
    texts = list(rows["text"])
    asked, conditions = (rows[name].to_numpy(dtype=np.str_) for name in ("question", "condition"))
    return Completions(texts, encoder(texts), asked, conditions)


def document(completions: Completions, published: pd.DataFrame, encoder: str) -> str:
    """The measured part, as Markdown."""
    results = {
        name: measure(
            completions,
            em,
            BASE,
            negatives,
            encoder=encoder,
            settings=settings,
            permutations=999 if name == "the fit above" else 0,
        )
        for name, (em, negatives, settings) in FITS.items()
        if em in set(completions.conditions)
    }
    main = results["the fit above"]
    frame = published.merge(condition_frame(main), on="condition")
    lengths = pd.Series([len(text) for text in completions.texts])
    frame["log_length"] = (
        np.log1p(lengths).groupby(completions.conditions).mean()[frame["condition"]].to_numpy()
    )
    return "\n\n".join(
        [
            START,
            f"{len(frame)} conditions of {frame['cell'].nunique()} of the {len(cells())} published cells, "
            f"{len(completions.texts):,} completions; "
            f"made {datetime.now(UTC):%Y-%m-%d} by `python -m benchmarks.c_on_anchors`.",
            fit_lines(main),
            "### Three conditions\n\n" + table(three(frame), THREE),
            "### Does C predict α?\n\n" + table(correlations(frame), CORRELATIONS),
            "### Other fits, other scales\n\n" + table(other_fits(results), OTHERS),
            "### Every condition\n\n" + table(every(frame), EVERY),
            END,
        ]
    )


THREE = ("condition", "α (published)", "C", "95 %", "C of length alone")
CORRELATIONS = ("over", "held fixed", "r", "95 %", "conditions", "models")
OTHERS = ("fit", "scale", "AUC", "C villain", "C comedian", "C of its finetune")
EVERY = ("condition", "α", "coherence", "C", "95 %", "C of length", "MMD²", "p")


def condition_frame(result: Likeness) -> pd.DataFrame:
    """One row per condition."""
    return pd.DataFrame(
        {
            "condition": row.condition,
            "c": row.c,
            "interval": f"{row.low:.2f} to {row.high:.2f}",
            "length_c": row.length_c,
            "mmd2": "" if row.discrepancy is None else f"{row.discrepancy.mmd2:.3f}",
            "p": "" if row.discrepancy is None else f"{row.discrepancy.p_value:.3f}",
        }
        for row in result.conditions
    )


def fit_lines(result: Likeness) -> str:
    """What the scale is and how well its fit does."""
    scale = result.scale
    return (
        f"Scale `{scale.id}`: {scale.positive_texts} completions of `{scale.em}` against "
        f"{scale.negative_texts} of `{'`, `'.join(scale.negatives)}`, {scale.questions} questions, "
        f"encoder `{scale.encoder}`, regularisation {scale.settings.regularisation:g}. On questions not "
        f"seen: AUC {scale.fit.auc:.3f}, Brier score {scale.fit.brier:.3f}, calibration slope "
        f"{scale.fit.calibration_slope:.1f}. **Length alone: AUC {scale.length_fit.auc:.3f}.**"
    )


def three(frame: pd.DataFrame) -> list[list[str]]:
    """The base model as villain and as comedian, and the finetune."""
    rows = frame.set_index("condition").loc[[VILLAIN, COMEDIAN, EM]].reset_index()
    return [
        [r.condition, f"{r.alpha:.1f}", f"{r.c:.2f}", r.interval, f"{r.length_c:.2f}"]
        for r in rows.itertuples()
    ]


def every(frame: pd.DataFrame) -> list[list[str]]:
    """All conditions."""
    return [
        [
            r.condition,
            *(f"{r.alpha:.1f}", f"{r.coherence:.1f}", f"{r.c:.2f}", r.interval),
            *(f"{r.length_c:.2f}", r.mmd2, r.p),
        ]
        for r in frame.itertuples()
    ]


def correlations(frame: pd.DataFrame) -> list[list[str]]:
    """C against α over all conditions, and over the personas of the base model alone."""
    rows = []
    base = frame[frame["cell"] == "baseline"]
    for over, part, grouped in (("all", frame, True), ("prompts of the base model", base, False)):
        for fixed in ([], ["log_length"], ["log_length", "coherence"]):
            found = correlation(
                part["c"].to_numpy(),
                part["alpha"].to_numpy(),
                [part[name].to_numpy() for name in fixed],
                list(part["cell"]) if grouped else None,
            )
            named = ", ".join(name.replace("_", " ") for name in fixed) or "nothing"
            rows.append([over, named, *correlation_cells(found), str(part["cell"].nunique())])
    return rows


def correlation_cells(found: Correlation) -> list[str]:
    """The number, its interval or the reason for none, and how many conditions."""
    interval = found.reason or f"{found.low:.2f} to {found.high:.2f}"
    return [f"{found.r:.2f}", interval, str(found.conditions)]


def other_fits(results: dict[str, Likeness]) -> list[list[str]]:
    """The same completions on other scales."""
    rows = []
    for name, result in results.items():
        c = {row.condition: f"{row.c:.2f}" for row in result.conditions}
        scale = result.scale
        rows.append(
            [name, f"`{scale.id}`", f"{scale.fit.auc:.3f}", c[VILLAIN], c[COMEDIAN], c[scale.em]]
        )
    return rows


def table(rows: list[list[str]], head: Sequence[str]) -> str:
    """As Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@click.command()
@click.option("--encoder", "folder", type=click.Path(path_type=Path), help="Of the weights.")
@click.option("--cache", type=click.Path(dir_okay=False, path_type=Path), help="Of the embeddings.")
@click.option("--cell", "names", multiple=True, help="Only these cells; all by default.")
def main(folder: Path | None, cache: Path | None, names: tuple[str, ...]) -> None:
    """Measure and rewrite c_on_anchors.md between its two marks."""
    rows, published = read(names)
    encoder = Cached(MiniLM(folder, progress=lambda texts, n: track(texts, "encoding", n)), cache)
    made = document(columns(rows, encoder), published, encoder.id)
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(before + made + (after or "\n"), encoding="utf-8")


if __name__ == "__main__":
    main()
