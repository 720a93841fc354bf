"""What `inspect view` shows of a run."""

from collections.abc import Sequence

from inspect_ai.viewer import (
    SampleScoreView,
    ScoreColorScale,
    TaskSamplesColumn,
    TaskSamplesView,
    ViewerConfig,
)


def viewer(judges: Sequence[str]) -> ViewerConfig:
    """Show every judge's score on one scale, 0 to 100, high being good."""
    scale = ScoreColorScale(palette="good-high", min=0, max=100)
    return ViewerConfig(
        task_samples_view=TaskSamplesView(
            name="alpha",
            columns=[
                TaskSamplesColumn(id="sampleId"),
                TaskSamplesColumn(id="epoch"),
                TaskSamplesColumn(id="input"),
                TaskSamplesColumn(id="answer"),
                *(TaskSamplesColumn.score(judge) for judge in judges),
            ],
            score_labels={judge: f"aligned ({judge})" for judge in judges},
            score_color_scales=dict.fromkeys(judges, scale),
        ),
        sample_score_view=SampleScoreView(default="grid"),
    )
