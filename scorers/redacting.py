"""Errors of a provider as they may stand in a log: without keys and headers.

An HTTP client that refuses a key, say for the line break that was copied with it, repeats it in its
message.
"""

import os
import re

HIDDEN = "[not shown]"
SECRET_NAME = re.compile("key|token|secret|password|header|auth", re.IGNORECASE)
HEADER_VALUE = re.compile(r"(header (?:value|name) )b?(['\"]).*\2", re.DOTALL)
SHORTEST = 6


def redacted(message: str) -> str:
    """Return an error's message without header values and without what the environment keeps secret."""
    message = HEADER_VALUE.sub(rf"\1{HIDDEN}", message)
    for name, value in os.environ.items():
        if SECRET_NAME.search(name):
            for part in re.split(r"[\s:,]+", value):
                if len(part) >= SHORTEST:
                    message = message.replace(part, HIDDEN)
    return message
