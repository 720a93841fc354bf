"""What `inspect view` shows of a run."""

from collections.abc import Sequence

from inspect_ai.viewer import (
    SampleScoreView,
    ScoreColorScale,
    TaskSamplesColumn,
    TaskSamplesView,
    ViewerConfig,
)

from protocol.panels import Question

HIDDEN = ("sampleStatus", "answer", "tokens", "duration")


def viewer(judges: Sequence[str]) -> ViewerConfig:
    """Show every judge's score on one scale, 0 to 100, high being good."""
    scale = ScoreColorScale(palette="good-high", min=0, max=100)
    return ViewerConfig(
        task_samples_view=TaskSamplesView(
            name="alpha",
            columns=[
                TaskSamplesColumn(id="sampleId"),
                TaskSamplesColumn(id="epoch"),
                TaskSamplesColumn(id="target"),
                TaskSamplesColumn(id="input"),
                *(TaskSamplesColumn.score(judge) for judge in judges),
                *(TaskSamplesColumn(id=name, visible=False) for name in HIDDEN),
            ],
            multiline=False,
            score_color_scales=dict.fromkeys(judges, scale),
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
