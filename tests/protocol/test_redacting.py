import json
import os

import pytest

from protocol.redacting import HIDDEN, hidden, redacted, redacted_data, secrets

KEY = "plain-key/of+mine"
ENVIRONMENT = {
    "ANTHROPIC_API_KEY": "key-of-the-test\nx",
    "ANTHROPIC_CUSTOM_HEADERS": "x-team: team-secret",
    "GATEWAY_AUTH": "gateway-pass",
    "HTTPS_PROXY": "http://someone:proxy-pass@127.0.0.1:8080",
    "MAX_TOKENS": "100000",
    "OPENAI_API_KEY": "100000",
    "HOME_TOKEN": "short",
    "WORDS": "harmless-value",
}
# The text, and what of it must be gone.
GONE = {
    "the given key": (f"Incorrect API key provided: {KEY}.", KEY),
    "the given key in JSON": (json.dumps({"sent": KEY + '"'}), KEY),
    "the given key in an address": (f"GET /v1?who={'plain-key%2Fof%2Bmine'}", "plain-key%2F"),
    "a key with a line break": (
        r"Illegal header value b'Bearer key-of-the-test\nx'",
        "of-the-test",
    ),
    "a header of the environment": ("{'x-team': 'team-secret'}", "team-secret"),
    "authentication of the environment": ("refused gateway-pass", "gateway-pass"),
    "a proxy's password, alone": ("407 for proxy-pass", "proxy-pass"),
    "userinfo of an address": ("at http://me:hunter22@127.0.0.1/v1", "hunter22"),
    "userinfo without a password": ("at https://tokenlike@127.0.0.1/v1", "tokenlike"),
    "a key in an address": ("at http://127.0.0.1/v1?a=1&key=abc123&b=2", "abc123"),
    "an access token in an address": ("http://127.0.0.1/?access_token=q1w2e3", "q1w2e3"),
    "a bearer": ("Authorization: Bearer abcdef.ghijk", "abcdef"),
    "a bearer without its header": ("sent Bearer abcdef.ghijk", "abcdef"),
    "basic": ("sent Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    "x-api-key": ("x-api-key: my own words", "my"),
    "x-api-key in JSON": ('{"x-api-key": "my own words"}', "own words"),
    "x-api-key in JSON in JSON": (json.dumps('{"x-api-key": "secret1"}'), "secret1"),
    "x-api-key as pairs of bytes": ("[(b'x-api-key', b'my own words')]", "own words"),
    "x-goog-api-key": ("'x-goog-api-key': 'abc'", "'abc'"),
    "api-key of Azure": ("api-key: abcabc", "abcabc"),
    "a cookie": ("Set-Cookie: session", "session"),
    "OpenAI's shape": ("key sk-proj-abcDEF123456", "abcDEF"),
    "OpenAI's own mask": ("Incorrect API key provided: sk-abcd*****wxyz.", "wxyz"),
    "Anthropic's shape": ("sk-ant-api03-abc_DEF-123", "api03"),
    "Google's shape": ("AIzaSyA1234567890abcdefg", "SyA1234"),
    "Hugging Face's shape": ("hf_abcdefGHIJK12345", "GHIJK"),
    "a JSON web token": ("eyJhbGciOiJI.eyJzdWIiOiIx.abc-def", "eyJzdWIi"),
}
KEPT = {
    "prose": "The tokens of the key question: header, author, secret garden.",
    "numbers": "maximum of 100000 tokens",
    "short words": "short of memory",
    "other values": "harmless-value",
    "an address": "http://127.0.0.1:8080/v1/messages?limit=20",
    "a model": "claude-sonnet-4-5-20250929 and pair_98 and sk-learn",
    "a status": "Error code: 400 - {'error': {'message': 'bad', 'code': 400}}",
}


def cleaned(text: str) -> str:
    return hidden(text, {*secrets(ENVIRONMENT), KEY})


@pytest.mark.parametrize(("text", "gone"), GONE.values(), ids=GONE)
def test_no_key_is_left_in_a_text(text: str, gone: str) -> None:
    assert gone in text
    assert gone not in cleaned(text)
    assert HIDDEN in cleaned(text)


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_is_no_key_stays(text: str) -> None:
    assert cleaned(text) == text


@pytest.mark.parametrize("text", [text for text, _ in GONE.values()], ids=GONE)
def test_hiding_twice_changes_nothing_more(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)


def test_the_environment_and_the_given_keys_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "MY_API_KEY", "of-the-environment")
    found = redacted("of-the-environment, of-the-model", "of-the-model", None)
    assert found == f"{HIDDEN}, {HIDDEN}"


def test_data_keep_their_shape_and_lose_their_keys() -> None:
    data = {"error": {"message": f"bad {KEY}", "code": 401, "n": None}, "api_key": "ab", "l": [KEY]}
    assert redacted_data(data, KEY) == {
        "error": {"message": f"bad {HIDDEN}", "code": 401, "n": None},
        "api_key": HIDDEN,
        "l": [HIDDEN],
    }
