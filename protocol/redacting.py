"""Texts of a provider as they may stand in a log: without keys.

An HTTP client that refuses a key, say for the line break that was copied with it, repeats it in its message,
and a server may repeat the headers that it was sent in the body of its error.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

HIDDEN = "[not shown]"
SHORTEST = 6
SECRET_NAME = re.compile(
    r"(?:^|[_-])(?:api)?keys?(?:$|[_-]|\d)|token(?:$|[_-]|\d)|secret|passw|passphrase|header|auth|credential"
    r"|cookie|bearer",
    re.IGNORECASE,
)
NO_SECRET = re.compile(r"true|false|none|[\d.]+", re.IGNORECASE)
PASSWORD_IN_URL = re.compile(r"://[^\s/@:]*:([^\s/@]+)@")
HEADER = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]*?(?:key|token|auth|secret)[\w-]*|api[-_]?key"
)
SHOWN = r"(?!\s*\[not shown\])"
QUOTED = r"""b?(\\*["'])(?:(?!\2).)*\2"""
UNQUOTED = r"""[^,;}"'\]\\\r\n]+"""
TOKEN_STARTS = (
    "sk|pk|rk|xai|gsk|hf|ghp|gho|ghs|github_pat|glpat|r8|nvapi|pplx|fw|AIza|AKIA|ASIA|ya29"
)
# Each names, by group 1, what of it stays.
SHAPES = tuple(
    re.compile(shape, re.IGNORECASE | re.DOTALL)
    for shape in (
        rf"""\b((?:{HEADER})\\*["']?\s*[:=]{SHOWN}\s*)(?:{QUOTED}|{UNQUOTED})""",
        rf"""\b((?:{HEADER})["']\s*,{SHOWN}\s*){QUOTED}""",
        rf"(header (?:value|name) ){SHOWN}{QUOTED}",
        r"\b((?:bearer|basic)\s+)[\w.~+/=*-]{6,}",
        rf"""(://){SHOWN}[^\s/@"'<>]+(?=@)""",
        rf"""([?&](?:[\w-]*(?:key|token|secret|password|signature)|sig)=){SHOWN}[^&\s"'<>#]+""",
        rf"()\b(?-i:{TOKEN_STARTS})[-_.]?(?=[\w*.-]*[\d*])[\w*.-]{{10,}}",
        r"()\b(?-i:eyJ)[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?",
    )
)


def redacted(message: str, *keys: str | None) -> str:
    """Return a text without keys: those given, those of the environment, and what has a key's shape.

    Args:
        message: Any text of a provider.
        *keys: Keys that are known, such as a model's own `api_key`.
    """
    return hidden(message, {*secrets(os.environ), *(key for key in keys if key)})


def redacted_data(value: object, *keys: str | None) -> object:
    """Return JSON data, such as an error's body, with every text in it redacted.

    What stands under a secret's name (`api_key`, `authorization`) is hidden whole.
    """
    known = {*secrets(os.environ), *(key for key in keys if key)}

    def clean(item: object) -> object:
        if isinstance(item, str):
            return hidden(item, known)
        if isinstance(item, Mapping):
            return {
                hidden(str(name), known): HIDDEN
                if isinstance(inner, str) and SECRET_NAME.search(str(name))
                else clean(inner)
                for name, inner in item.items()
            }
        return [clean(inner) for inner in item] if isinstance(item, list | tuple) else item

    return clean(value)


def secrets(environment: Mapping[str, str]) -> set[str]:
    """Return what an environment keeps secret: values under a secret's name, and passwords in addresses."""
    named = {value for name, value in environment.items() if SECRET_NAME.search(name)}
    in_urls = {found for value in environment.values() for found in PASSWORD_IN_URL.findall(value)}
    return named | in_urls


def hidden(message: str, secret: Iterable[str]) -> str:
    """Return a text without the secrets, as they stand or escaped, and without what has a key's shape.

    A secret of several words, such as a header, is hidden word by word; words under six characters, numbers
    and booleans are none.
    """
    parts = {part for value in secret for part in re.split(r"[\s:,=\"'{}]+", value)} | set(secret)
    forms = {
        form
        for part in parts
        if len(part) >= SHORTEST and not NO_SECRET.fullmatch(part)
        for form in (part, json.dumps(part)[1:-1], quote(part), quote(part, safe=""))
    }
    # The longest first: a secret may begin as another.
    for form in sorted(forms, key=len, reverse=True):
        message = message.replace(form, HIDDEN)
    for shape in SHAPES:
        message = shape.sub(rf"\1{HIDDEN}", message)
    return message
