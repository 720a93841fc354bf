"""What a provider hands over in place of a reply, as Inspect 0.3.285 was seen to hand it on."""

import json
from itertools import pairwise

import httpx2
import pytest
from anthropic import APIStatusError as AnthropicError
from inspect_ai.model import ChatCompletionChoice, ChatMessageAssistant, ModelOutput, ModelUsage
from inspect_ai.model._model_output import StopDetails
from openai import APIConnectionError, BadRequestError, PermissionDeniedError

from protocol.provider_words import provider_words
from protocol.records import LONGEST_DETAIL
from scorers.faults import fault, output_fault
from scorers.reading import Failure

REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/messages")


def raised(*chain: BaseException) -> BaseException:
    """The first error, caused by the next, and so on."""
    for outer, inner in pairwise(chain):
        outer.__cause__ = inner
    return chain[0]


def anthropic_error(status: int, body: object, message: str = "Error") -> AnthropicError:
    return AnthropicError(message, response=httpx2.Response(status, request=REQUEST), body=body)


def openai_error(status: int, body: object) -> BadRequestError:
    return BadRequestError(
        f"Error code: {status}", response=httpx2.Response(status, request=REQUEST), body=body
    )


class GoogleError(Exception):
    """As google-genai's `ClientError`: a numeric `code`, the body under `details`."""

    def __init__(self, code: int, message: str) -> None:
        self.code, self.details = code, {"error": {"code": code, "message": message}}
        super().__init__(f"{code} INVALID_ARGUMENT. {self.details}")


TOO_LONG = "prompt is too long: 210000 tokens > 200000 maximum"
ERRORS: dict[str, tuple[BaseException, str, str]] = {
    "413 of Anthropic": (
        anthropic_error(413, {"type": "error", "error": {"message": "Request too large"}}),
        "api_error",
        "APIStatusError 413: Request too large",
    ),
    "413 in HTML": (
        anthropic_error(413, "<html><body><h1>413</h1> Too&nbsp;large</body></html>"),
        "api_error",
        "APIStatusError 413: 413 Too large",
    ),
    "too long, wrapped by Inspect": (
        raised(RuntimeError("Request: {...}"), openai_error(400, {"message": TOO_LONG})),
        "api_error",
        f"BadRequestError 400: {TOO_LONG}",
    ),
    "a filter's code": (
        openai_error(400, {"message": "No.", "code": "content_filter"}),
        "filtered",
        "BadRequestError 400: No.",
    ),
    "Azure's inner code": (
        openai_error(
            400, {"message": "No.", "innererror": {"code": "ResponsibleAIPolicyViolation"}}
        ),
        "filtered",
        "BadRequestError 400: No.",
    ),
    "a filter's words": (
        PermissionDeniedError(
            "x",
            response=httpx2.Response(403, request=REQUEST),
            body={"error": {"message": "Output blocked by content filtering policy"}},
        ),
        "filtered",
        "PermissionDeniedError 403: Output blocked by content filtering policy",
    ),
    "Google": (GoogleError(400, "bad"), "api_error", "GoogleError 400: bad"),
    "the line dropped": (
        raised(
            RuntimeError("retries are over"),
            APIConnectionError(request=REQUEST),
            httpx2.RemoteProtocolError("Server disconnected"),
        ),
        "api_error",
        "RemoteProtocolError: Server disconnected",
    ),
    "a malformed answer": (
        TypeError("'NoneType' object is not iterable"),
        "api_error",
        "TypeError: 'NoneType' object is not iterable",
    ),
    "no words at all": (AssertionError(), "api_error", "AssertionError: "),
}


@pytest.mark.parametrize(("error", "kind", "detail"), ERRORS.values(), ids=ERRORS)
def test_an_exception_is_told_by_class_status_and_the_providers_words(
    error: BaseException, kind: str, detail: str
) -> None:
    assert fault(error) == Failure(kind, detail)  # type: ignore[arg-type]


def test_a_body_that_the_error_does_not_hold_says_what_the_error_cannot() -> None:
    error = TypeError("'NoneType' object is not iterable")
    found = fault(error, body={"error": {"message": "upstream failed", "code": 502}})
    assert found == Failure("api_error", "TypeError: upstream failed")


def test_a_key_is_in_no_detail() -> None:
    error = openai_error(401, {"message": "Incorrect API key provided: plain-key-of-mine"})
    assert "plain-key-of-mine" not in fault(error, keys=("plain-key-of-mine",)).detail


WORDS = {
    "text": ("  two\n lines ", "two lines"),
    "JSON in text": ('{"error": {"message": "m"}}', "m"),
    "Python in text": ("Error code: 413 - {'error': {'message': \"it's\"}}", "it's"),
    "an error that is a string": ({"error": "boom"}, "boom"),
    "a list": ([{"msg": "a"}, {"msg": "b"}], "a; b"),
    "none of the known names": ({"x": 1}, '{"x": 1}'),
    "scripts": ("<!DOCTYPE html><script>if (a) {b}</script><p>Log in</p>", "Log in"),
    "nothing": (None, ""),
    "nesting beyond any use": ("[" * 5000, "[" * (LONGEST_DETAIL - 1) + "…"),
    "empty": ({}, "{}"),
}


@pytest.mark.parametrize(("body", "words"), WORDS.values(), ids=WORDS)
def test_a_servers_answer_is_one_line_of_its_words(body: object, words: str) -> None:
    assert provider_words(body) == words


def test_a_long_answer_is_shortened() -> None:
    assert len(provider_words("word " * 5000)) == LONGEST_DETAIL
    assert len(provider_words(json.dumps({"message": "word " * 5000}))) == LONGEST_DETAIL


USAGE = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)


def output(
    text: str,
    stop: str = "stop",
    *,
    answered: bool = True,
    error: str | None = None,
    details: StopDetails | None = None,
) -> ModelOutput:
    message = ChatMessageAssistant(content=text, model="m", source="generate")
    choice = ChatCompletionChoice(message=message, stop_reason=stop, stop_details=details)  # type: ignore[arg-type]
    return ModelOutput(model="m", choices=[choice], usage=USAGE if answered else None, error=error)


def refusal(explanation: str, kind: str = "refusal") -> StopDetails:
    return StopDetails(type=kind, explanation=explanation)


OUTPUTS: dict[str, tuple[ModelOutput, str, Failure | None]] = {
    "no choices": (
        ModelOutput(model="m"),
        "openai",
        Failure("api_error", "the provider's answer holds no choices"),
    ),
    "too long, OpenAI's family": (
        output(TOO_LONG, "model_length", answered=False),
        "vllm",
        Failure("api_error", TOO_LONG),
    ),
    "too long, Anthropic": (
        output(TOO_LONG, "model_length", answered=False, error=f"error code: 400 - {TOO_LONG}"),
        "anthropic",
        Failure("api_error", TOO_LONG),
    ),
    "a window that ended within the reply": (output("half a", "model_length"), "vllm", None),
    "a request that OpenAI blocks": (
        output("flagged", "content_filter", answered=False, details=refusal("flagged")),
        "openai",
        Failure("filtered", "flagged"),
    ),
    "a request that Anthropic blocks": (
        output("Sorry", "content_filter", answered=False, error="output blocked"),
        "anthropic",
        Failure("filtered", "output blocked"),
    ),
    "a reply that a filter stops": (
        output("", "content_filter"),
        "openai-api",
        Failure("filtered", "the provider gives no reason"),
    ),
    "Gemini's safety": (
        output("", "content_filter", details=refusal("harassment", "SAFETY")),
        "google",
        Failure("filtered", "harassment"),
    ),
    "Anthropic's refusal": (
        output("", "content_filter"),
        "anthropic",
        Failure("refusal", "the provider gives no reason"),
    ),
    "Anthropic's refusal with details": (
        output("I cannot", "content_filter", details=refusal("no")),
        "anthropic",
        Failure("refusal", "no"),
    ),
    "OpenAI's refusal, which stops like a reply": (
        output("I can't help.", details=refusal("I can't help.")),
        "openai",
        Failure("refusal", "I can't help."),
    ),
    "Gemini without candidates": (
        output("(no content)", answered=False),
        "google",
        Failure("api_error", "the provider's answer holds no candidates"),
    ),
    "a reply": (output("{}"), "openai", None),
    "a reply without usage": (output("{}", answered=False), "openai", None),
    "a cut reply": (output("{", "max_tokens"), "anthropic", None),
}


@pytest.mark.parametrize(("given", "provider", "expected"), OUTPUTS.values(), ids=OUTPUTS)
def test_an_output_is_a_reply_or_the_kind_of_its_failure(
    given: ModelOutput, provider: str, expected: Failure | None
) -> None:
    assert output_fault(given, provider) == expected
