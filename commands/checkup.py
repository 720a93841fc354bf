"""What a real run needs and would cost, looked at without asking any provider."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from commands.costs import TARGET, Plan, PriceTable
from commands.preflight import Check, State, model_checks
from estimation.rules import WINNERS
from protocol.conditions import Condition, load_condition
from protocol.data import DATASETS, read_jsonl
from protocol.errors import ProtocolError
from protocol.panels import Panel, load_panel
from protocol.rubrics import Rubric, load_rubric
from scorers.binding import parse_judges

COLOURS = {"ok": "green", "note": "yellow", "missing": "red"}
T = TypeVar("T", Panel, Rubric, Condition)


class Checkup(NamedTuple):
    """Everything that was looked at; the plan is None where the panel's size is not known."""

    checks: list[Check]
    plan: Plan | None
    judges: dict[str, str]


def examine(
    target: str | None,
    judges: str | None,
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
    checks += model_checks(TARGET, target or "", prices)
    for name, judge_model in bound.items():
        checks += model_checks(f"judge {name}", judge_model, prices)
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


def _judge_models(judges: str | None, roles: Sequence[str], checks: list[Check]) -> dict[str, str]:
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


def print_checks(checks: Sequence[Check], console: Console) -> None:
    """Print what was looked at, one row a check; what is missing is said once, by the command."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("what", "state", "found"):
        table.add_column(heading, no_wrap=heading != "found", overflow="fold")
    for check in checks:
        colour = COLOURS[check.state]
        text = "see below" if check.state == "missing" else check.text
        table.add_row(escape(check.subject), f"[{colour}]{check.state}[/]", escape(text))
    console.print(table)
