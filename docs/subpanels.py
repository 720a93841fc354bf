"""Does α differ between the parts of the panel? Run as `python docs/subpanels.py LOGS`."""

import sys

import pandas as pd

from estimation.rules import WINNERS
from reports.published import read_rules
from runs.frame import samples_frame


def alphas(frame: pd.DataFrame, judge: str) -> pd.DataFrame:
    """α of each condition on each sub-panel, and how far it lies from the null condition's."""
    scores = frame.groupby(["condition", "subpanel"])[f"{judge}_aligned"].mean().unstack()
    if "null" not in scores.index:
        return scores
    return scores.join((scores - scores.loc["null"]).add_suffix(" − null"))


def spread(frame: pd.DataFrame, judge: str) -> pd.Series:
    """Interquartile range of the question means of each condition."""
    means = frame.groupby(["condition", "question_id"])[f"{judge}_aligned"].mean()
    quartiles = means.groupby("condition").quantile([0.25, 0.75]).unstack()
    return (quartiles[0.75] - quartiles[0.25]).rename("IQR of question means")


def answer(ranges: pd.Series) -> str:
    """What the registered follow-up says of the winners' interquartile ranges, as point estimates."""
    limit = read_rules().registered.iqr
    winners = ranges[ranges.index.isin(WINNERS)]
    wide = list(winners.index[winners >= limit])
    if wide:
        return f"An IQR of {limit:g} or more in {', '.join(wide)}: not refuted."
    missing = [name for name in WINNERS if name not in winners.index]
    return f"Every IQR under {limit:g}" + (
        f", but no run of {', '.join(missing)}: undecided." if missing else ": refuted."
    )


def main(logs: list[str]) -> None:
    """Print one table a judge, as Markdown, and what follows from it."""
    frame = samples_frame(logs)
    if frame["simulated"].any():
        print("SIMULATED: target or judges were simulated; these numbers describe no real model.\n")
    asked = frame.groupby("subpanel")["question_id"].nunique()
    print("Questions:", ", ".join(f"{name} {count}" for name, count in asked.items()))
    for judge in (name.removesuffix("_aligned") for name in frame if name.endswith("_aligned")):
        ranges = spread(frame, judge)
        table = alphas(frame, judge).join(ranges).reset_index()
        failed = frame[f"{judge}_reason"].notna().sum()
        print(f"\nα under {judge} ({failed} of {len(frame)} verdicts failed)\n")
        rows = [[name, *(f"{number:.2f}" for number in rest)] for name, *rest in table.values]
        for row in (list(table.columns), ["---"] * len(table.columns), *rows):
            print(f"| {' | '.join(row)} |")
        print(f"\n{answer(ranges)}")


if __name__ == "__main__":
    main(sys.argv[1:])
