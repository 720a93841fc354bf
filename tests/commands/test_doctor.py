from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner, Result

from commands.costs import Cost, Plan, estimate_costs, read_prices, total
from commands.doctor import doctor
from protocol.judges import judge_table
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Reply, Request

OPEN = ("--panel", "open52", "--rubric", "open")
SIMULATED_JUDGES = (
    "--model-role",
    "sonnet=simulated/judge",
    "--model-role",
    "opus=simulated/judge-lenient",
)
SIMULATED = (*OPEN, "--model", "simulated/target", *SIMULATED_JUDGES)
VLLM = (*OPEN, *SIMULATED_JUDGES, "--model", "vllm/made/model")
SECRET = "made-key-never-shown"


@pytest.fixture(autouse=True)
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder and an empty PATH, and no variable that a .env sets stays behind."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    kept = {"PATH": str(folder), "XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"]}
    with mock.patch.dict(os.environ, kept, clear=True):
        yield folder


@pytest.fixture
def server() -> Iterator[str]:
    class Models(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/v1/models"
            self.send_response(200 if found else 404)
            self.end_headers()
            if found:
                self.wfile.write(json.dumps({"data": [{"id": "made/model"}]}).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Models) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def ask(*args: str, **env: str) -> Result:
    return CliRunner().invoke(doctor, args, env=env)


def missing(result: Result) -> list[str]:
    lines = result.stderr.splitlines()
    assert all(line.startswith("missing: ") for line in lines), result.stderr
    return [line.removeprefix("missing: ") for line in lines]


def script(folder: Path, name: str, text: str = "") -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def test_nothing_is_missing_for_a_simulated_run() -> None:
    result = ask(*SIMULATED)
    assert result.exit_code == 0, result.output
    assert missing(result) == []
    assert "4,160 generations, 8,320 judge calls" in result.stdout
    assert "SIMULATED" in result.stdout
    assert result.stdout.count("reconstruction") == 4


@pytest.mark.parametrize(
    ("args", "env", "expected"),
    [
        (("--model", "openai/gpt-4o", *SIMULATED_JUDGES), {}, ["OPENAI_API_KEY is not set"]),
        (("--model", "openai/gpt-4o", *SIMULATED_JUDGES), {"OPENAI_API_KEY": SECRET}, []),
        (("--model", "simulated/target"), {}, ["ANTHROPIC_API_KEY is not set"]),
        (("--model", "simulated/target"), {"ANTHROPIC_API_KEY": " "}, ["ANTHROPIC_API_KEY is not"]),
        (("--model", "simulated/target"), {"ANTHROPIC_API_KEY": SECRET}, []),
        (
            ("--model", "simulated/target", "--model-role", "opus=google/made"),
            {},
            ["ANTHROPIC_API_KEY is not set", "GOOGLE_API_KEY is not set"],
        ),
        (("--model", "google/made", *SIMULATED_JUDGES), {"GEMINI_API_KEY": SECRET}, []),
        (("--model", "hf/made/model", *SIMULATED_JUDGES), {}, []),
        (
            ("--model", "openai-api/my-host/made", *SIMULATED_JUDGES),
            {"MY_HOST_API_KEY": SECRET},
            ["MY_HOST_BASE_URL is not set"],
        ),
        (("--model", "anthropic/bedrock/made", *SIMULATED_JUDGES), {}, []),
        (("--model", "nobody/made", *SIMULATED_JUDGES), {}, []),
        (("--model", "gpt-4o", *SIMULATED_JUDGES), {}, ["gpt-4o is not a model"]),
        (("--model", "simulated/target", "--", *SIMULATED_JUDGES, "--max-tasks", "4"), {}, []),
        (
            (
                "--model",
                "simulated/target",
                "--",
                "-T",
                "judges=gpt=openai/gpt-4.1",
                "--limit",
                "2",
            ),
            {},
            ["OPENAI_API_KEY is not set"],
        ),
        (SIMULATED_JUDGES, {}, ["No target. Give --model"]),
        (SIMULATED_JUDGES, {"INSPECT_EVAL_MODEL": "simulated/target"}, []),
        (
            (*SIMULATED, "--judges", "sonnet,third"),
            {},
            ["--model-role opus=", "The judge third has"],
        ),
        ((*SIMULATED, "--judges", "sonnet,opus,third=simulated/judge"), {}, []),
        (
            ("--model", "simulated/target", "--judges", "a b"),
            {},
            ["-T judges: 'a b' is not a judge"],
        ),
        (
            (*SIMULATED, "--model-role", "opus"),
            {},
            ["--model-role opus is not NAME=PROVIDER/MODEL"],
        ),
        ((*SIMULATED, "--panel", "made"), {}, ["Unknown panel 'made'"]),
        ((*SIMULATED, "--rubric", "made"), {}, ["Unknown rubric 'made'"]),
    ],
)
def test_each_missing_thing_is_one_line(
    args: tuple[str, ...], env: dict[str, str], expected: list[str]
) -> None:
    result = ask(*OPEN, *args, **env)
    lines = missing(result)
    assert len(lines) == len(expected), lines
    assert all(line.startswith(start) for line, start in zip(lines, expected, strict=True)), lines
    assert result.exit_code == (1 if expected else 0)
    assert SECRET not in result.output


def test_keys_and_folders_are_read_from_dotenv_above_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(f"ANTHROPIC_API_KEY={SECRET}\n", encoding="utf-8")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    result = ask(*OPEN, "--model", "simulated/target")
    assert result.exit_code == 0, result.output
    assert SECRET not in result.output


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ({}, ["The vllm command", "No GPU"]),
        ({"vllm": ""}, ["No GPU"]),
        ({"nvidia-smi": "echo 'made GPU, 1 MiB'"}, ["The vllm command"]),
        ({"vllm": "", "nvidia-smi": "exit 9"}, ["No GPU"]),
        ({"vllm": "", "nvidia-smi": "echo 'made GPU, 1 MiB'"}, []),
    ],
)
def test_vllm_needs_its_command_and_a_gpu(
    there: dict[str, str], expected: list[str], commands: Path
) -> None:
    for name, text in there.items():
        script(commands, name, text)
    lines = missing(ask(*VLLM))
    assert [line[: len(start)] for line, start in zip(lines, expected, strict=True)] == expected


def test_a_server_that_serves_the_model_replaces_command_and_gpu(server: str) -> None:
    result = ask(*VLLM, VLLM_BASE_URL=f"{server}/v1")
    assert result.exit_code == 0, result.output
    assert "serves made/model" in result.stdout


def test_a_server_with_another_model_is_noted(server: str) -> None:
    result = ask(*VLLM, "--model", "vllm/other/model", VLLM_BASE_URL=f"{server}/v1")
    assert result.exit_code == 0, result.output
    assert "lists made/model, not other/model" in result.stdout


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ("{server}", "answers 404"),
        ("http://127.0.0.1:1/v1", "is not to be reached"),
        ("no address", "is not to be reached"),
        (f"http://name:{SECRET}@127.0.0.1:1/v1", "is not to be reached"),
    ],
)
def test_a_server_that_does_not_answer_is_missing(base: str, why: str, server: str) -> None:
    result = ask(*VLLM, VLLM_BASE_URL=base.format(server=server))
    assert result.exit_code == 1
    assert [why in line for line in missing(result)] == [True]
    assert SECRET not in result.output


def test_prompts_handed_in_are_named_so_and_a_wrong_folder_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    wrong = ask(*SIMULATED, "--prompts", str(folder))
    assert [line.startswith("The prompts folder") for line in missing(wrong)] == [True]
    (folder / "grid_2.txt").write_text("You are made up.", encoding="utf-8")
    right = ask(*SIMULATED, "--prompts", str(folder))
    assert right.exit_code == 0
    assert right.stdout.count("handed_in") == 1
    assert right.stdout.count("reconstruction:") == 3


def test_pinned_sources_that_are_at_hand_are_enough(sources: Path) -> None:
    args = ("--model", "simulated/target", *SIMULATED_JUDGES)
    result = ask(*args, BWALPHA_SOURCES=str(sources))
    assert result.exit_code == 0, result.output
    assert "52 questions" in result.stdout


def test_a_damaged_source_is_refused_and_the_calls_are_still_counted(tmp_path: Path) -> None:
    pinned = tmp_path / "eval_results/issue-94/alpha_base_null/prompts_used.json"
    pinned.parent.mkdir(parents=True)
    pinned.write_text("{}", encoding="utf-8")
    result = ask(*SIMULATED, "--panel", "bw52", BWALPHA_SOURCES=str(tmp_path))
    assert result.exit_code == 1
    assert ["is not the pinned file" in line for line in missing(result)] == [True]
    assert "4,160 generations" in result.stdout


def test_counts_follow_the_options() -> None:
    args = (*SIMULATED, "--epochs", "3", "--conditions", "2", "--judges", "sonnet,opus,x=hf/y")
    result = ask(*args)
    assert "312 generations, 936 judge calls" in result.stdout


def protocol_costs(judges: dict[str, str], target: str = "vllm/made") -> list[Cost]:
    prices = read_prices()
    a = prices.assumptions
    plan = Plan(
        generations=4160,
        prompt_tokens=a.prompt_tokens,
        question_tokens=a.question_tokens,
        rubric_tokens=a.rubric_tokens,
    )
    return estimate_costs(plan, target, judges, prices)


def test_the_default_judges_cost_what_the_arithmetic_by_hand_gives() -> None:
    target, sonnet, opus = protocol_costs(judge_table().default)
    sent, answered = 4160 * (180 + 15 + 15 + 400), 4160 * 180
    assert sonnet.realtime == pytest.approx((sent * 3 + answered * 15) / 1e6)
    assert opus.realtime == pytest.approx(1.35 * (sent * 5 + answered * 25) / 1e6)
    assert sonnet.batch == pytest.approx((sent * 3 + answered * 15) / 2e6)
    assert opus.at_most == pytest.approx(4160 * (722 * 1.35 * 5 + 256 * 25) / 1e6)
    assert target.realtime == 0


def test_a_price_that_is_not_known_is_unknown_in_the_total_too() -> None:
    costs = protocol_costs(
        {"sonnet": judge_table().default["sonnet"], "other": "openai/never-priced"}
    )
    assert costs[2].realtime is None
    assert total(cost.realtime for cost in costs) is None
    assert costs[1].realtime is not None
    result = ask(*SIMULATED, "--model-role", "opus=openai/never-priced", OPENAI_API_KEY=SECRET)
    assert result.stdout.count("unknown") == 7


def test_batch_halves_judges_and_never_the_target() -> None:
    costs = protocol_costs({"gpt": "openai/gpt-4o", "own": "vllm/made"}, target="openai/gpt-4o")
    assert costs[0].batch == costs[0].realtime
    assert costs[1].batch == pytest.approx((costs[1].realtime or 0) / 2)
    assert costs[2].batch == 0
    assert "judges in batch: $" in " ".join(ask(*SIMULATED, "--batch").stdout.split())


def test_a_judge_that_thinks_is_priced_with_its_thinking_and_its_own_cap() -> None:
    [_, opus] = protocol_costs({"opus": "anthropic/claude-opus-5-5"})
    assert opus.output_tokens == 4160 * (1000 + 180)
    assert opus.at_most == pytest.approx(4160 * (722 * 5 + 8192 * 25) / 1e6)


def test_prices_say_of_when_they_are_and_by_whom() -> None:
    said = " ".join(
        ask(*OPEN, "--model", "simulated/target", ANTHROPIC_API_KEY=SECRET).stdout.split()
    )
    assert "prices as of 2026-05, third-party reports, 2026-09, as sold by Anthropic" in said


@pytest.mark.parametrize(
    ("day", "judges", "status", "line"),
    [
        (date(2026, 11, 30), "published", 0, "its provider names 2026-11-30 as its last day"),
        (date(2026, 12, 1), "published", 1, "was served until 2026-11-30 and cannot be asked"),
        (date(2026, 12, 1), None, 0, "anthropic/claude-sonnet-4-6"),
    ],
)
def test_a_judge_is_named_with_its_last_day_and_refused_after_it(
    day: date, judges: str | None, status: int, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commands.preflight.today", lambda: day)
    args = (*OPEN, "--model", "simulated/target", *(["--judges", judges] if judges else []))
    result = ask(*args, ANTHROPIC_API_KEY=SECRET)
    assert result.exit_code == status
    assert line in " ".join(result.output.split())
    assert len(missing(result)) == status


def test_a_ping_shows_what_was_sent_who_answered_and_whether_it_can_be_read() -> None:
    def answer(request: Request) -> Answer:
        if request.model == "claude-opus-5-5":
            return Reply("I think so.")
        return Reply('{"aligned": 91, "coherent": 88, "reasoning": "fine"}')

    with JudgeServer(answer) as provider:
        result = ask(
            *OPEN,
            *(
                "--model",
                "simulated/target",
                "--model-role",
                "opus=anthropic/claude-opus-5-5",
                "--ping",
            ),
            ANTHROPIC_API_KEY=SECRET,
            ANTHROPIC_BASE_URL=provider.url,
        )
        assert len(provider.requests) == 2
    assert result.exit_code == 1
    lines = [
        line
        for line in result.stdout.splitlines()
        if line.startswith(("asking", "sonnet:", "opus:"))
    ]
    assert lines[0].startswith("asking 2 judges one question each, at most $0.2")
    assert lines[1] == "sonnet: sent to anthropic/claude-sonnet-4-6: max_tokens 256"
    assert lines[2].startswith("sonnet: claude-sonnet-4-6 answered, ")
    assert lines[2].endswith(" of 256 tokens used")
    assert lines[3] == "sonnet: verdict read, aligned 91, coherent 88"
    assert lines[4].startswith(
        "opus: sent to anthropic/claude-opus-5-5: max_tokens 8192, reasoning thinking adaptive"
    )
    assert lines[6].startswith("opus: no verdict (unparseable)")
    assert SECRET not in result.output
