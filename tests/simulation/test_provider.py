import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import pytest
from inspect_ai import Task, eval
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.dataset import Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
    get_model,
)
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState, generate

FAULTS = ["garbage", "cut_off", "refusal", "filtered", "out_of_range", "prose"]
CALLS = 2000


def ask(
    model: str,
    texts: list[str],
    args: dict[str, Any] | None = None,
    system: str | None = None,
    seed: int | None = None,
) -> list[ModelOutput]:
    api = get_model(model, memoize=False, **(args or {})).api
    before: list[ChatMessage] = [] if system is None else [ChatMessageSystem(content=system)]

    async def all_of() -> list[ModelOutput]:
        outputs = []
        for text in texts:
            messages = [*before, ChatMessageUser(content=text)]
            output = await api.generate(messages, [], "none", GenerateConfig(seed=seed))
            assert isinstance(output, ModelOutput)
            outputs.append(output)
        return outputs

    return anyio.run(all_of)


def messages_to_judge(count: int) -> list[str]:
    return [
        f"Question asked to the AI:\nWhy?\n\nAI's response:\nBecause of {i}." for i in range(count)
    ]


def test_reply_follows_from_messages_and_seed() -> None:
    def text(**kwargs: Any) -> str:
        return ask("simulated/target", ["Which garden?"], **kwargs)[0].completion

    assert text() == text()
    assert text(seed=1) == text(seed=1)
    assert len({text(), text(seed=1), text(seed=2), text(seed=1, system="Be kind.")}) == 4


def test_judge_answers_in_compact_json() -> None:
    reply = ask("simulated/judge", messages_to_judge(1))[0].completion
    assert re.fullmatch(r'\{"aligned":\d+,"coherent":\d+,"reasoning":"SIMULATED.*"\}', reply)


def test_usage_counts_words() -> None:
    output = ask("simulated/target", ["one two three"], system="four five")[0]
    assert output.usage is not None
    assert output.usage.input_tokens == 5
    assert output.usage.output_tokens == len(output.completion.split())
    assert output.usage.total_tokens == 5 + output.usage.output_tokens


@pytest.mark.parametrize(
    ("fault", "stop_reason", "pattern"),
    [
        ("garbage", "stop", r"\[SIMULATED\][^{}]*"),
        ("cut_off", "max_tokens", r'\{"aligned":\d+,"coherent":\d+,"reasoning":"SIMULATED[^}]*'),
        ("refusal", "stop", r""),
        ("filtered", "content_filter", r"\[SIMULATED\][^{}]*"),
        ("out_of_range", "stop", r'\{"aligned":(140|-20),"coherent":\d+,"reasoning":"SIMU.*"\}'),
        ("prose", "stop", r"SIMULATED.*```json\n\{[^{}]*\}\n```.*"),
    ],
)
def test_every_fault_has_its_shape(fault: str, stop_reason: str, pattern: str) -> None:
    for output in ask("simulated/judge", messages_to_judge(20), {fault: 1}):
        assert output.stop_reason == stop_reason
        assert re.fullmatch(pattern, output.completion, re.DOTALL)
        assert output.metadata == {"simulated": "SIMULATED", "fault": fault}


@pytest.mark.parametrize("model", ["simulated/judge", "simulated/judge-lenient"])
def test_faults_come_at_their_rates_whatever_the_order(model: str) -> None:
    rates = {"garbage": 0.1, "refusal": 0.05, "cut_off": 0.05, "prose": 0.2}
    texts = messages_to_judge(CALLS)
    faults = [(o.metadata or {})["fault"] for o in ask(model, texts, rates)]
    backwards = [(o.metadata or {})["fault"] for o in ask(model, texts[::-1], rates)]
    assert faults == backwards[::-1]
    counts = Counter(faults)
    assert counts[None] + sum(counts[fault] for fault in rates) == CALLS
    for fault, rate in rates.items():
        assert counts[fault] / CALLS == pytest.approx(rate, abs=0.025)


def test_two_judges_do_not_fail_on_the_same_completions() -> None:
    texts = messages_to_judge(200)
    strict, lenient = (
        [(o.metadata or {})["fault"] for o in ask(model, texts, {"garbage": 0.5})]
        for model in ("simulated/judge", "simulated/judge-lenient")
    )
    assert strict != lenient


@pytest.mark.parametrize("name", ["simulated/jugde", "simulated/target/large", "simulated/x"])
def test_an_unknown_model_is_refused_with_the_names_allowed(name: str) -> None:
    with pytest.raises(PrerequisiteError) as error:
        get_model(name)
    message = str(error.value.message)
    assert name in message
    assert "simulated/target, simulated/judge, simulated/judge-lenient" in message


@pytest.mark.parametrize(
    ("model", "args", "said"),
    [
        ("judge", {"garbge": 0.1}, "garbge. Allowed: latency, " + ", ".join(FAULTS)),
        ("target", {"prose": 0.1}, "Allowed: latency, garbage, cut_off, refusal, filtered."),
        ("judge", {"garbage": 1.5}, "garbage is a rate from 0 to 1, not 1.5"),
        ("judge", {"garbage": -0.1}, "garbage is a rate from 0 to 1, not -0.1"),
        ("judge", {"garbage": 0.6, "prose": 0.6}, "garbage, prose add up to 1.2"),
        ("judge", {"garbage": "often"}, "garbage must be a number, not 'often'"),
        ("judge", {"garbage": True}, "garbage must be a number, not True"),
        ("judge", {"garbage": float("nan")}, "garbage must be a number, not nan"),
        ("target", {"latency": -1}, "latency is in seconds, 0 or more, not -1"),
    ],
)
def test_a_wrong_model_arg_is_refused(model: str, args: dict[str, Any], said: str) -> None:
    with pytest.raises(PrerequisiteError) as error:
        get_model(f"simulated/{model}", **args)
    assert said in str(error.value.message)


def test_rates_may_add_up_to_one() -> None:
    faults = dict.fromkeys(FAULTS[:5], 0.2)
    assert all((o.metadata or {})["fault"] for o in ask("simulated/judge", ["hi"] * 3, faults))


@scorer(metrics=[mean()])
def asks_the_judge() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        reply = await get_model(role="sonnet").generate(
            f"AI's response:\n{state.output.completion}"
        )
        return Score(value=json.loads(reply.completion)["aligned"])

    return score


def test_an_eval_runs_offline_with_both_models(tmp_path: Path) -> None:
    task = Task(
        dataset=[Sample(id=f"q{i}", input=f"Which garden is number {i}?") for i in range(3)],
        solver=generate(),
        scorer=asks_the_judge(),
        epochs=2,
        config=GenerateConfig(seed=7),
    )
    (log,) = eval(
        task,
        model="simulated/target",
        model_roles={"sonnet": "simulated/judge"},
        log_dir=str(tmp_path),
        display="none",
    )
    assert log.status == "success"
    assert log.eval.model == "simulated/target"
    assert log.results is not None
    assert log.results.scores[0].metrics["mean"].value > 80
    assert set(log.stats.model_usage) == {"simulated/target", "simulated/judge"}
    for sample in log.samples or []:
        assert sample.output.completion.startswith("[SIMULATED]")
