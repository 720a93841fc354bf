"""``bwalpha doctor``: what a real run needs, whether it is there, and what it would cost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeVar

import click
import httpx
from dotenv import find_dotenv, load_dotenv
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from protocol.conditions import Condition, load_condition
from protocol.data import DATASETS, read_jsonl
from protocol.errors import ProtocolError
from protocol.panels import Panel, load_panel
from protocol.rubrics import Rubric, load_rubric
from reports.costs import TARGET, Plan, PriceTable, estimate_costs, print_costs, read_prices
from reports.published import WINNERS
from scorers.binding import DEFAULT_JUDGES, parse_judges

# Any one of a provider's variables is enough.
KEYS: dict[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "cloudflare": ("CLOUDFLARE_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "fireworks": ("FIREWORKS_API_KEY",),
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "grok": ("XAI_API_KEY", "GROK_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "hf-inference-providers": ("HF_TOKEN",),
    "mistral": ("MISTRAL_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "perplexity": ("PERPLEXITY_API_KEY",),
    "sambanova": ("SAMBANOVA_API_KEY",),
    "together": ("TOGETHER_API_KEY",),
}
CLOUDS = {"azure", "bedrock", "vertex"}
NARROW = 120

State = Literal["ok", "note", "missing"]
COLOURS = {"ok": "green", "note": "yellow", "missing": "red"}
T = TypeVar("T", Panel, Rubric, Condition)


class Check(NamedTuple):
    """One thing that was looked at; `text` of a missing one says what to do."""

    subject: str
    state: State
    text: str


class Checkup(NamedTuple):
    """Everything that was looked at; the plan is None where the panel's size is not known."""

    checks: list[Check]
    plan: Plan | None
    judges: dict[str, str]


@click.command()
@click.option("--model", help="The target, provider/model.")
@click.option("--judges", default=DEFAULT_JUDGES, show_default=True, help="As in -T judges.")
@click.option(
    "--model-role",
    "roles",
    multiple=True,
    metavar="NAME=MODEL",
    help="A judge's model. Repeatable.",
)
@click.option("--panel", default="bw52", show_default=True, help="As in -T panel.")
@click.option("--rubric", default="eps", show_default=True, help="As in -T rubric.")
@click.option("--prompts", help="As in -T prompts.")
@click.option("--epochs", default=20, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--conditions",
    default=len(WINNERS),
    show_default=True,
    type=click.IntRange(min=1),
    help="How many conditions the run measures.",
)
@click.option("--batch", is_flag=True, help="The run asks its judges with -T batch=true.")
def doctor(
    model: str | None,
    judges: str,
    roles: tuple[str, ...],
    panel: str,
    rubric: str,
    prompts: str | None,
    epochs: int,
    conditions: int,
    batch: bool,
) -> None:
    """Say what a real run needs, whether it is there, and what it would cost.

    Nothing is generated and no provider is asked; of a key only its presence is looked at.
    """
    load_dotenv(find_dotenv(usecwd=True))
    prices = read_prices()
    target = model or os.environ.get("INSPECT_EVAL_MODEL") or None
    checkup = examine(target, judges, roles, panel, rubric, prompts, epochs * conditions, prices)
    console = Console(width=None if sys.stdout.isatty() else NARROW)
    _print_checks(checkup.checks, console)
    costs = estimate_costs(checkup.plan, target, checkup.judges, prices) if checkup.plan else []
    print_costs(checkup.plan, costs, batch, prices, console)
    missing = dict.fromkeys(check.text for check in checkup.checks if check.state == "missing")
    for line in missing:
        click.echo(f"missing: {line}", err=True)
    if missing:
        raise click.exceptions.Exit(1)


def examine(
    target: str | None,
    judges: str,
    roles: Sequence[str],
    panel: str,
    rubric: str,
    prompts: str | None,
    completions_per_question: int,
    prices: PriceTable,
) -> Checkup:
    """Look at everything that a run with these options needs."""
    checks: list[Check] = []
    bound = _judge_models(judges, roles, checks)
    checks += _model_checks(TARGET, target or "")
    for name, judge_model in bound.items():
        checks += _model_checks(f"judge {name}", judge_model)
    questions = _loaded(f"panel {panel}", lambda: load_panel(panel), _panel_text, checks)
    instructions = _loaded(f"rubric {rubric}", lambda: load_rubric(rubric), _sha_text, checks)
    found = [
        _loaded(f"prompt {name}", lambda n=name: load_condition(n, prompts), _origin, checks)  # type: ignore[misc]
        for name in WINNERS
    ]
    count = len(questions.questions) if questions else _known_size(panel)
    if count is None:
        return Checkup(checks, None, bound)
    a = prices.assumptions
    plan = Plan(
        generations=count * completions_per_question,
        prompt_tokens=a.tokens([c.prompt for c in found if c and c.prompt], a.prompt_tokens),
        question_tokens=a.tokens(
            [q.input for q in questions.questions] if questions else [], a.question_tokens
        ),
        rubric_tokens=a.tokens([instructions.text] if instructions else [], a.rubric_tokens),
    )
    return Checkup(checks, plan, bound)


def _judge_models(judges: str, roles: Sequence[str], checks: list[Check]) -> dict[str, str]:
    try:
        models = parse_judges(judges)
    except ProtocolError as error:
        checks.append(Check("judges", "missing", error.line))
        return {}
    for role in roles:
        name, _, judge_model = (part.strip() for part in role.partition("="))
        if "/" not in judge_model:
            text = f"--model-role {role} is not NAME=PROVIDER/MODEL."
            checks.append(Check("judges", "missing", text))
        elif name not in models:
            text = f"--model-role {name}=... is no judge of this run (judges: {', '.join(models)})."
            checks.append(Check("judges", "missing", text))
        else:
            models[name] = judge_model
    for name in [name for name, judge_model in models.items() if not judge_model]:
        text = f"The judge {name} has no model. Give --model-role {name}=provider/model."
        checks.append(Check(f"judge {name}", "missing", text))
        del models[name]
    return models


def _model_checks(subject: str, model: str) -> Iterator[Check]:
    provider, slash, rest = model.partition("/")
    service = rest.partition("/")[0]
    if not model:
        text = "No target. Give --model, for example --model vllm/Qwen/Qwen2.5-7B-Instruct."
        yield Check(subject, "missing", text)
    elif not slash or not rest:
        text = f"{model} is not a model. Give provider/model, for example openai/gpt-4o."
        yield Check(subject, "missing", text)
    elif provider == "simulated":
        yield Check(subject, "note", f"{model}: SIMULATED, needs nothing and measures nothing")
    elif provider == "vllm":
        yield from _vllm_checks(subject, rest)
    elif provider == "openai-api":
        prefix = service.upper().replace("-", "_")
        yield _variable_check(subject, model, (f"{prefix}_API_KEY",))
        yield _variable_check(subject, model, (f"{prefix}_BASE_URL",))
    elif service in CLOUDS or provider not in {*KEYS, *read_prices().free_providers}:
        yield Check(subject, "note", f"{model}: what this provider needs is not checked here")
    elif provider in KEYS:
        yield _variable_check(subject, model, KEYS[provider])
    else:
        yield Check(subject, "ok", f"{model}: needs no key")


def _variable_check(subject: str, model: str, names: tuple[str, ...]) -> Check:
    present = [name for name in names if os.environ.get(name, "").strip()]
    if present:
        return Check(subject, "ok", f"{model}: {present[0]} is set")
    text = (
        f"{names[0]} is not set; {model.partition('/')[0]} needs it. Put it in .env or export it."
    )
    return Check(subject, "missing", text)


def _vllm_checks(subject: str, model: str) -> Iterator[Check]:
    base = os.environ.get("VLLM_BASE_URL", "").strip()
    if base:
        yield _server_check(subject, model, base)
        return
    if shutil.which("vllm"):
        yield Check(subject, "ok", "the vllm command is there")
    else:
        text = (
            "The vllm command is not on PATH. Install it with pip install -e '.[vllm]', "
            "or set VLLM_BASE_URL to a server that runs."
        )
        yield Check(subject, "missing", text)
    gpus = _gpus()
    if gpus:
        yield Check(subject, "ok", f"{len(gpus)} GPU: {gpus[0]}")
    else:
        text = (
            "No GPU is visible to nvidia-smi. Run where there is one, "
            "or set VLLM_BASE_URL to a server that runs."
        )
        yield Check(subject, "missing", text)


def _server_check(subject: str, model: str, base: str) -> Check:
    # Inspect sends this stand-in too when no key is set.
    key = os.environ.get("VLLM_API_KEY", "inspectai")
    try:
        url = f"{base.rstrip('/')}/models"
        answer = httpx.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=3)
        answer.raise_for_status()
        served = [str(row["id"]) for row in answer.json()["data"]]
    except httpx.HTTPStatusError as error:
        why = f"answers {error.response.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = f"is not to be reached ({type(error).__name__})"
    except (ValueError, TypeError, KeyError):
        why = "does not answer as a vLLM server"
    else:
        if model in served or model.partition(":")[0] in served:
            return Check(subject, "ok", f"the server at VLLM_BASE_URL serves {model}")
        text = f"the server at VLLM_BASE_URL lists {', '.join(served) or 'no model'}, not {model}"
        return Check(subject, "note", text)
    # An address may carry a password before its @.
    shown = base.rpartition("@")[2]
    text = f"VLLM_BASE_URL={shown} {why}. Start the server, check address and VLLM_API_KEY, or unset it."
    return Check(subject, "missing", text)


def _gpus() -> list[str]:
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in listed.stdout.splitlines() if line.strip()]


def _loaded(
    subject: str, load: Callable[[], T], describe: Callable[[T], str], checks: list[Check]
) -> T | None:
    try:
        found = load()
    except ProtocolError as error:
        checks.append(Check(subject, "missing", error.line))
        return None
    state: State = "ok"
    if isinstance(found, Condition) and found.provenance == "reconstruction":
        state = "note"
    checks.append(Check(subject, state, describe(found)))
    return found


def _panel_text(panel: Panel) -> str:
    return f"{len(panel.questions)} questions, {_sha_text(panel)}"


def _sha_text(text: Panel | Rubric) -> str:
    return f"sha256 {text.sha256[:12]}"


def _origin(condition: Condition) -> str:
    if condition.provenance == "reconstruction":
        return "reconstruction: the suite's own words, not the published prompt (--prompts DIR hands it in)"
    return f"{condition.provenance}, sha256 {(condition.prompt_sha256 or '')[:12]}"


def _known_size(panel: str) -> int | None:
    return len(read_jsonl(DATASETS / "panels" / "bw52.jsonl")) if panel == "bw52" else None


def _print_checks(checks: Sequence[Check], console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("what", "state", "found"):
        table.add_column(heading, no_wrap=heading != "found", overflow="fold")
    for check in checks:
        colour = COLOURS[check.state]
        table.add_row(escape(check.subject), f"[{colour}]{check.state}[/]", escape(check.text))
    console.print(table)
