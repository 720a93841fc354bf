from pathlib import Path

from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries
from inspect_ai.model import get_model
from inspect_ai.viewer import ScoreColorScale, TaskSamplesView

from protocol.panels import load_panel
from tests.tasks.running import run, samples


def test_the_viewer_shows_both_judges_on_one_scale_beside_topic_and_question(
    tmp_path: Path,
) -> None:
    log = read_eval_log(run("alpha.py@grid_2", tmp_path, epochs=1).location)
    viewer = log.eval.viewer
    assert viewer is not None
    view = viewer.task_samples_view
    assert isinstance(view, TaskSamplesView)
    assert [column.id for column in view.columns or [] if column.visible] == [
        "sampleId",
        "epoch",
        "score__sonnet__sonnet",
        "score__opus__opus",
        "score__difference__difference",
        "answer",
        "input",
        "target",
    ]
    assert view.sort is not None
    assert [(sort.column, sort.dir) for sort in view.sort] == [("score__sonnet__sonnet", "asc")]
    assert log.eval.tags == ["α: sonnet"]
    scale = ScoreColorScale(palette="good-high", min=0, max=100)
    apart = ScoreColorScale(palette="diverging", min=-100, max=100)
    assert view.score_color_scales == {"sonnet": scale, "opus": scale, "difference": apart}
    assert view.score_labels == {"difference": "sonnet − opus"}
    assert log.eval.headline_metric is not None
    assert (log.eval.headline_metric.scorer, log.eval.headline_metric.metric) == ("sonnet", "alpha")


def test_the_sample_list_can_sort_by_sub_panel_and_topic_and_filter_by_any_of_them(
    tmp_path: Path,
) -> None:
    log = run("alpha.py@grid_2", tmp_path, epochs=1)
    questions = {question.id: question for question in load_panel("open52").questions}
    for summary in read_eval_log_sample_summaries(log.location):
        question = questions[str(summary.id)]
        assert summary.target == f"{question.subpanel}: {question.topic}"
        assert summary.metadata["condition"] == "grid_2"
        assert summary.metadata["question_id"] == question.id
        assert summary.metadata["topic"] == question.topic
        assert summary.metadata["subpanel"] == question.subpanel


def test_a_score_stands_beside_the_text_it_is_of_and_the_judges_difference_beside_both(
    tmp_path: Path,
) -> None:
    cut = get_model("simulated/judge", role="sonnet", cut_off=0.3)
    roles = {"sonnet": cut, "opus": "simulated/judge-lenient"}
    log = run("alpha.py@grid_2", tmp_path, epochs=1, limit=None, roles=roles)
    missing = 0
    for sample in samples(log):
        scores = sample.scores or {}
        assert {scores[judge].answer for judge in ("sonnet", "opus")} == {sample.output.completion}
        if scores["sonnet"].reason is not None:
            missing += 1
            assert "difference" not in scores
        else:
            given = scores["sonnet"].as_float() - scores["opus"].as_float()
            assert scores["difference"].as_float() == given
    assert 0 < missing < 52


def test_no_model_is_sent_what_the_sample_list_shows(tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path, epochs=1)
    for sample in samples(log):
        calls = [event for event in sample.events if event.event == "model"]
        assert len(calls) == 3
        for call in calls:
            assert all(str(sample.target) not in message.text for message in call.input)
