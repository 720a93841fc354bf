"""A server may repeat the key that it was sent, in any error of any provider: no log shows one."""

from pathlib import Path
from typing import Any, Literal

import pytest

from protocol.panels import load_panel
from tests.support.providers import MODELS, assert_no_key, model_at, question_of
from tests.support.scripted_server import Http, ScriptedServer, chat
from tests.tasks.running import JUDGES, run_all, samples

pytestmark = pytest.mark.usefixtures("no_waiting")

KEYS = ("sk-made-7Qk3vN9xT2mB5wY8", "sk-ant-made-4Rt8kLp2ZsW6hJ9c")
STATUSES = (400, 401, 413, 500)
# One of each for half of the providers, in every pairing.
WRITTEN: list[tuple[Literal["eval", "json"], bool]] = [
    ("eval", True),
    ("json", False),
    ("json", True),
    ("eval", False),
]


def repeats(key: str, status: int) -> Http:
    """An error whose message and body hold the key, long enough to lie apart in a log."""
    words = f"refused: your key {key} came in headers; maximum context length is 9. " + "x" * 200
    return Http({"error": {"message": words, "headers": {"Authorization": key}}}, status)


@pytest.mark.parametrize(
    ("provider", "written"),
    [(name, WRITTEN[number % len(WRITTEN)]) for number, name in enumerate(MODELS)],
)
def test_no_key_of_a_target_or_a_judge_is_in_a_log(
    provider: str, written: tuple[Literal["eval", "json"], bool], tmp_path: Path
) -> None:
    # Google's client tries a 500 again by itself, and waits between.
    statuses = STATUSES[:-1] if provider == "google" else STATUSES
    questions = [q.input for q in load_panel("open52").questions[: 2 * len(statuses)]]
    failing = dict(zip(questions, statuses, strict=False))
    judged = dict(zip(reversed(questions), statuses, strict=False))

    def target(text: str, body: dict[str, Any]) -> Http:
        status = failing.get(text)
        return repeats(KEYS[0], status) if status else chat("An answer.")

    def judge(text: str, body: dict[str, Any]) -> Http:
        return repeats(KEYS[1], judged[question_of(text)])

    layout, realtime = written
    with ScriptedServer(target) as asked, ScriptedServer(judge) as judging:
        [log] = run_all(
            "alpha.py@grid_2",
            tmp_path,
            model=model_at(provider, asked, KEYS[0]),
            roles=JUDGES | {"sonnet": model_at(provider, judging, KEYS[1])},
            epochs=1,
            limit=len(questions),
            log_format=layout,
            log_realtime=realtime,
            log_model_api=True,
        )
    assert len(asked.asked) == len(questions)
    kinds = {s.scores["sonnet"].reason for s in samples(log) if s.scores}
    assert kinds & {"target_context_length", "target_error", "api_error"}
    assert_no_key(tmp_path, KEYS)
