"""What `inspect view` shows of a run."""

from collections.abc import Sequence

from inspect_ai.viewer import (
    SampleScoreView,
    ScoreColorScale,
    TaskSamplesColumn,
    TaskSamplesSort,
    TaskSamplesView,
    ViewerConfig,
)

from protocol.panels import Question
from protocol.records import DIFFERENCE

HIDDEN = ("sampleStatus", "tokens", "duration")


def viewer(judges: Sequence[str]) -> ViewerConfig:
    """Show every judge's score on one scale, 0 to 100, the first judge's lowest first."""
    scale = ScoreColorScale(palette="good-high", min=0, max=100)
    apart = ScoreColorScale(palette="diverging", min=-100, max=100)
    scales = dict.fromkeys(judges, scale)
    columns = [*judges]
    if len(judges) > 1:
        columns.append(DIFFERENCE)
        scales[DIFFERENCE] = apart
    return ViewerConfig(
        task_samples_view=TaskSamplesView(
            name="alpha",
            columns=[
                TaskSamplesColumn(id="sampleId"),
                TaskSamplesColumn(id="epoch"),
                *(TaskSamplesColumn.score(name) for name in columns),
                TaskSamplesColumn(id="answer"),
                TaskSamplesColumn(id="input"),
                TaskSamplesColumn(id="target"),
                *(TaskSamplesColumn(id=name, visible=False) for name in HIDDEN),
            ],
            multiline=True,
            sort=[TaskSamplesSort.score(columns[0])],
            score_labels={DIFFERENCE: " − ".join(judges[:2])},
            score_color_scales=scales,
            color_scales_enabled=True,
        ),
        sample_score_view=SampleScoreView(default="grid"),
    )


def listed_under(question: Question) -> str:
    """Return a question's sub-panel and topic, for the sample list's Target column.

    There is no ideal answer here, and no judge is sent a target. Of the columns that Inspect's list can
    sort and filter, Target is the one a task may fill with words of its own; metadata have none.
    """
    return f"{question.subpanel}: {question.topic}"
