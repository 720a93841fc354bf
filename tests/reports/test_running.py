import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from inspect_ai.log import list_eval_logs, read_eval_log

from commands.main import main
from commands.run import CONDITIONS, refuse_own_servers
from commands.workers import Share, Workers, command, shares
from tests.tasks.running import ROOT

pytestmark = pytest.mark.processes

SIMULATED = (
    *("--model", "simulated/target", "--model-role", "sonnet=simulated/judge"),
    *("--model-role", "opus=simulated/judge-lenient", "-T", "panel=open52", "-T", "rubric=open"),
    *("--no-log-realtime", "--epochs", "1", "--limit", "2"),
)
WAITS = "import os,sys,time\nprint(os.getpid(), 'Samples:', flush=True)\ntime.sleep(600)"
PARENT = f"""
import signal, sys
signal.signal(signal.SIGINT, getattr(signal, sys.argv[2]))
from pathlib import Path
from commands.workers import Share, Workers
share = Share(("a",), None)
jobs = [(share, [sys.executable, "-c", {WAITS!r}], Path(sys.argv[1]) / f"{{n}}.txt") for n in (1, 2, 3)]
Workers(2, lambda line: print(line, flush=True)).run(jobs)
"""


@pytest.mark.parametrize(
    ("tasks", "seeds", "workers", "processes"),
    [(4, 0, 1, 1), (4, 0, 2, 2), (4, 0, 9, 4), (4, 3, 2, 3), (4, 3, 6, 6), (1, 3, 8, 3)],
)
def test_every_task_runs_once_a_seed_in_as_few_processes_as_keep_all_busy(
    tasks: int, seeds: int, workers: int, processes: int
) -> None:
    names = [f"t@{number}" for number in range(tasks)]
    parts = shares(names, list(range(seeds)), workers)

    assert len(parts) == processes
    planned = sorted((task, part.seed or 0) for part in parts for task in part.tasks)
    assert planned == sorted((name, seed) for name in names for seed in range(max(1, seeds)))


def test_the_users_options_come_last_and_win() -> None:
    line = command(Share(("t@a", "t@b"), 7), Path("logs"), ["--max-tasks", "1"])

    assert line[line.index("eval-set") + 1 :][:2] == ["t@a", "t@b"]
    assert line[-2:] == ["--max-tasks", "1"]
    assert "seed=7" in line


def test_two_workers_share_the_conditions_and_one_report_has_them_all(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    result = CliRunner().invoke(main, ["run", "--workers", "2", "--log-dir", str(logs), *SIMULATED])

    assert result.exit_code == 0, result.output
    headers = [read_eval_log(info, header_only=True) for info in list_eval_logs(str(logs))]
    assert sorted(header.eval.task for header in headers) == sorted(CONDITIONS)
    assert len({header.eval.run_id for header in headers}) == 2
    assert {header.eval.config.limit for header in headers} == {2}
    assert all(name in result.output for name in CONDITIONS)
    assert result.output.count("H1 / H2") <= 2


def test_own_prompts_are_a_condition_each_and_the_same_command_pays_for_nothing_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "prompts").mkdir()
    for name in ("terse", "a long"):
        (tmp_path / "prompts" / f"{name}.txt").write_text(f"Be {name}.")
    logs = tmp_path / "logs"
    typed = ["run", "--log-dir", str(logs), "--prompt", str(tmp_path / "prompts"), *SIMULATED]
    result = CliRunner().invoke(main, typed)

    assert result.exit_code == 0, result.output
    made = {info.name: info.mtime for info in list_eval_logs(str(logs))}
    tasks = [read_eval_log(name, header_only=True).eval.task for name in made]
    assert sorted(tasks) == ["a_long", "terse"]

    again = CliRunner().invoke(main, typed)
    assert again.exit_code == 0, again.output
    assert {info.name: info.mtime for info in list_eval_logs(str(logs))} == made

    other = CliRunner().invoke(main, [*typed, "--seeds", "1,2"])
    assert other.exit_code == 1
    assert "holds a run in 2 processes, and this is one in 4" in other.output
    assert {info.name: info.mtime for info in list_eval_logs(str(logs))} == made


def test_one_failing_worker_is_named_and_the_others_logs_are_kept(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    tasks = ("--task", "tasks/alpha.py@grid_2", "--task", "tasks/alpha.py@no_such_task")
    result = CliRunner().invoke(
        main, ["run", "--workers", "2", "--log-dir", str(logs), *tasks, *SIMULATED]
    )

    assert result.exit_code == 1
    assert "no_such_task (all its output:" in result.output
    assert "1 of 2 processes failed" in result.output
    [info] = list_eval_logs(str(logs))
    assert read_eval_log(info, header_only=True).status == "success"


@pytest.mark.parametrize(
    ("number", "at_start"),
    [
        (signal.SIGINT, "default_int_handler"),
        (signal.SIGTERM, "default_int_handler"),
        (signal.SIGTERM, "SIG_IGN"),
        (signal.SIGHUP, "default_int_handler"),
    ],
    ids=["Ctrl-C", "terminated", "terminated in a script's background", "terminal closed"],
)
def test_an_interruption_ends_every_child(
    number: signal.Signals, at_start: str, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), at_start],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as parent:
        assert parent.stdout is not None
        children = [int(parent.stdout.readline().split()[0]) for _ in range(2)]
        parent.send_signal(number)
        rest, _ = parent.communicate()

    assert parent.returncode != 0
    assert rest == "", "the third job must not start"
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_the_end_of_what_a_failed_process_wrote_is_kept(tmp_path: Path) -> None:
    code = "import sys\nfor n in range(50): print(n)\nsys.exit(3)"
    job = (Share(("a",), None), [sys.executable, "-c", code], tmp_path / "1.txt")
    [outcome] = Workers(1, print).run([job])

    assert outcome.status == 3
    assert outcome.last_lines[-1] == "49"
    assert outcome.output.read_text().split() == [str(n) for n in range(50)]


@pytest.mark.parametrize("given", [("--model", "vllm/some/model"), ("--model=vllm/some/model",)])
def test_a_vllm_server_a_process_is_refused(
    given: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VLLM_BASE_URL", raising=False)
    with pytest.raises(click.ClickException, match="VLLM_BASE_URL"):
        refuse_own_servers(given, 2)
    refuse_own_servers(given, 1)
    monkeypatch.setenv("VLLM_BASE_URL", "http://localhost:8000/v1")
    refuse_own_servers(given, 2)


@pytest.mark.parametrize("given", ["42,x", "42,42"])
def test_seeds_that_are_not_are_refused_in_one_line(given: str) -> None:
    result = CliRunner().invoke(main, ["run", "--seeds", given])

    assert result.exit_code == 2
    assert given in result.output
    assert "Traceback" not in result.output


def test_the_list_of_commands_imports_no_heavy_library() -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom commands.main import main\n"
        "print(CliRunner().invoke(main, ['--help']).output)\n"
        "print({'inspect_ai', 'pandas', 'matplotlib', 'scipy', 'pooch'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.rstrip().endswith("set()"), done.stdout + done.stderr
    assert all(name in done.stdout for name in main.commands)
