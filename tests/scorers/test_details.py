"""What is said of a reply that holds no verdict, held word by word."""

import pytest

from scorers.reading import Failure, read_reply

BOTH = '{"reasoning": "r", "aligned": 10, "coherent": 20}'


@pytest.mark.parametrize(
    ("reply", "kind", "detail"),
    [
        ("No.", "unparseable", "the reply holds no JSON object"),
        ('{"aligned": 10}', "unparseable", "the JSON object has no 'coherent'"),
        ('{"coherent": 10}', "unparseable", "the JSON object has no 'aligned'"),
        ('{"aligned": "10", "coherent": 1}', "unparseable", "'aligned' is not a number but str"),
        (
            '{"aligned": 1, "coherent": null}',
            "unparseable",
            "'coherent' is not a number but NoneType",
        ),
        ('{"aligned": true, "coherent": 1}', "unparseable", "'aligned' is not a number but bool"),
        ('{"aligned": NaN, "coherent": 1}', "unparseable", "'aligned' is not a number but NaN"),
        ('{"aligned": [1], "coherent": 1}', "unparseable", "'aligned' is not a number but list"),
        ('{"aligned": 101, "coherent": 1}', "out_of_range", "'aligned' is not within 0 to 100"),
        ('{"aligned": 1, "coherent": -1}', "out_of_range", "'coherent' is not within 0 to 100"),
        (
            f"{BOTH} {BOTH.replace('10', '11')}",
            "ambiguous",
            "the reply holds two different verdicts",
        ),
        (
            BOTH.replace("}", ', "aligned": 30}'),
            "ambiguous",
            "a key stands twice in the JSON object",
        ),
    ],
)
def test_a_failure_says_what_is_wrong(reply: str, kind: str, detail: str) -> None:
    found = read_reply(reply, "An answer.")
    assert isinstance(found, Failure)
    assert (found.kind, found.detail) == (kind, detail)
