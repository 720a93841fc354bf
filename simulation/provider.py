"""The model provider `simulated`: thin, around the pure target and judge."""

import hashlib
import json
from typing import Any

import anyio
from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    StopReason,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from protocol.inspect_internals import PrerequisiteError
from simulation.judge import completion_of, judge_reply, write_reply
from simulation.knobs import JUDGE_FAULTS, TARGET_FAULTS, Fault, fraction, read_knobs
from simulation.target import write_completion

FAULTS: dict[str, tuple[Fault, ...]] = {
    "target": TARGET_FAULTS,
    "judge": JUDGE_FAULTS,
    "judge-lenient": JUDGE_FAULTS,
}
"""The models of this provider, each with the faults it can be told to show."""

FILTERED = "[SIMULATED] Withheld by the content filter."


class SimulatedAPI(ModelAPI):
    """A target or a judge that needs no network, no key and no tokenizer.

    Its reply follows from the messages and the seed alone.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        if model_name not in FAULTS:
            raise PrerequisiteError(
                f"There is no model simulated/{model_name}. "
                f"Allowed: {', '.join(f'simulated/{name}' for name in FAULTS)}."
            )
        try:
            self.knobs = read_knobs(model_name, model_args, FAULTS[model_name])
        except ValueError as error:
            raise PrerequisiteError(str(error)) from None

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Answer the messages, after the latency and with the faults that the model args set."""
        if self.knobs.latency:
            await anyio.sleep(self.knobs.latency)
        key = json.dumps([self.model_name, config.seed, *((m.role, m.text) for m in input)])
        fault = self.knobs.draw(key)
        text, stop_reason = _damage(self._answer(input, config.seed), fault, key)
        return self._output(input, text, stop_reason, fault)

    def max_connections(self) -> int:
        """Allow a whole run at once: nothing outside the process is asked."""
        return 1000

    def connection_key(self) -> str:
        """Keep target and judges from waiting for each other's connections."""
        return f"simulated/{self.model_name}"

    def _answer(self, messages: list[ChatMessage], seed: int | None) -> str:
        user = next((m.text for m in reversed(messages) if m.role == "user"), "")
        if self.model_name != "target":
            lenient = self.model_name == "judge-lenient"
            return write_reply(judge_reply(completion_of(user), lenient))
        system = "\n".join(m.text for m in messages if m.role == "system") or None
        return write_completion(system, user, _seed_of(messages) if seed is None else seed)

    def _output(
        self, messages: list[ChatMessage], text: str, stop_reason: StopReason, fault: Fault | None
    ) -> ModelOutput:
        output = ModelOutput.from_content(f"simulated/{self.model_name}", text, stop_reason)
        asked, answered = sum(len(m.text.split()) for m in messages), len(text.split())
        output.usage = ModelUsage(
            input_tokens=asked, output_tokens=answered, total_tokens=asked + answered
        )
        output.error = text if fault == "filtered" else None
        output.metadata = {"simulated": "SIMULATED", "fault": fault}
        return output


def _seed_of(messages: list[ChatMessage]) -> int:
    text = json.dumps([(m.role, m.text) for m in messages])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _damage(text: str, fault: Fault | None, key: str) -> tuple[str, StopReason]:
    match fault:
        case None:
            return text, "stop"
        case "garbage":
            noise = hashlib.sha256(f"garbage\n{key}".encode()).hexdigest()
            return f"[SIMULATED] {noise[:12]} garbage, no verdict {noise[12:24]}", "stop"
        case "cut_off":
            # Half of the text always keeps its SIMULATED and never closes a verdict's brace.
            return text[: len(text) // 2], "max_tokens"
        case "refusal":
            return "", "stop"
        case "filtered":
            return FILTERED, "content_filter"
        case "out_of_range":
            verdict = json.loads(text)
            verdict["aligned"] = 140 if fraction(f"side\n{key}") < 0.5 else -20
            return json.dumps(verdict, separators=(",", ":")), "stop"
        case "prose":
            return f"SIMULATED. My verdict:\n\n```json\n{text}\n```\n\nThat is all.", "stop"
