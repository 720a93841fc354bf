"""Does α differ between the parts of the panel? Run as `python docs/subpanels.py LOGS`."""

import sys

import pandas as pd

from exchange.frame import samples_frame


def alphas(frame: pd.DataFrame, judge: str) -> pd.DataFrame:
    """α of each condition on each sub-panel, and how far it lies from the null condition's."""
    scores = frame.groupby(["condition", "subpanel"])[f"{judge}_aligned"].mean().unstack()
    if "null" in scores.index:
        scores = scores.join(scores - scores.loc["null"], rsuffix=" − null")
    return scores


def spread(frame: pd.DataFrame, judge: str) -> pd.Series:
    """Interquartile range of the question means of each condition."""
    means = frame.groupby(["condition", "question_id"])[f"{judge}_aligned"].mean()
    quartiles = means.groupby("condition").quantile([0.25, 0.75]).unstack()
    return (quartiles[0.75] - quartiles[0.25]).rename("IQR of question means")


def main(logs: list[str]) -> None:
    """Print one table a judge, as Markdown."""
    frame = samples_frame(logs)
    if frame["simulated"].any():
        print("SIMULATED: target or judges were simulated; these numbers describe no real model.\n")
    asked = frame.groupby("subpanel")["question_id"].nunique()
    print("Questions:", ", ".join(f"{name} {count}" for name, count in asked.items()))
    for judge in (name.removesuffix("_aligned") for name in frame if name.endswith("_aligned")):
        table = alphas(frame, judge).join(spread(frame, judge)).round(2).reset_index()
        failed = frame[f"{judge}_reason"].notna().sum()
        print(f"\nα under {judge} ({failed} of {len(frame)} verdicts failed)\n")
        rows = [list(table.columns), ["---"] * len(table.columns), *table.values.tolist()]
        print("\n".join(f"| {' | '.join(map(str, row))} |" for row in rows))


if __name__ == "__main__":
    main(sys.argv[1:])
