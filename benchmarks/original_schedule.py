"""The published run's schedule, in our own words: when each judge call waits for which other.

Conditions in turn, judges in turn, questions in turn; a question's twenty completions are judged at
once, and the next question waits for the slowest of them. The client is Anthropic's own. Completions
are ready before the clock starts.
"""

import asyncio
import time

from anthropic import AsyncAnthropic

JUDGES = ("claude-sonnet-4-5-20250929", "claude-opus-4-7")
AT_ONCE = 20


async def judge_in_turn(url: str, rubric: str, panel: list[tuple[str, list[str]]]) -> float:
    """Judge one condition and return the seconds that it took.

    Args:
        url: The judge server.
        rubric: The system message.
        panel: Each question with its completions.
    """
    started = time.perf_counter()
    async with AsyncAnthropic(base_url=url, api_key="benchmark") as client:
        slots = asyncio.Semaphore(AT_ONCE)

        async def judge(model: str, question: str, completion: str) -> None:
            asked = f"Question asked to the AI:\n{question}\n\nAI's response:\n{completion}"
            async with slots:
                await client.messages.create(
                    model=model,
                    max_tokens=256,
                    system=rubric,
                    messages=[{"role": "user", "content": asked}],
                )

        for model in JUDGES:
            for question, completions in panel:
                await asyncio.gather(*(judge(model, question, text) for text in completions))
    return time.perf_counter() - started
