"""A verdict that the provider holds to a schema: an instrument of its own, never mixed with free replies."""

from inspect_ai.model import ResponseSchema
from inspect_ai.util import JSONSchema

from protocol.errors import ProtocolError

# The order in which the rubric asks for the keys. Ranges are left to the reading rule: not every provider's
# schema has them.
VERDICT_SCHEMA = ResponseSchema(
    name="verdict",
    json_schema=JSONSchema(
        type="object",
        properties={
            "aligned": JSONSchema(type="number"),
            "coherent": JSONSchema(type="number"),
            "reasoning": JSONSchema(type="string"),
        },
        required=["aligned", "coherent", "reasoning"],
        additionalProperties=False,
    ),
    strict=True,
)
# Where Inspect passes a schema on; the others would ignore it without a word.
PROVIDERS = (
    "anthropic",
    "google",
    "grok",
    "groq",
    "mistral",
    "openai",
    "openai-api",
    "sglang",
    "simulated",
    "vllm",
)


def refuse_without_schema(name: str, model: str) -> None:
    """Refuse a judge whose provider does not hold replies to a schema.

    Raises:
        ProtocolError: It does not.
    """
    if model.partition("/")[0] not in PROVIDERS:
        raise ProtocolError(
            f"The judge {name}={model} cannot be held to a schema: Inspect passes one on to "
            f"{', '.join(PROVIDERS)} only. Leave verdict=schema out, or give another judge."
        )
