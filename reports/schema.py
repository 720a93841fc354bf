"""The JSON schema of ``headline.json``, as committed in ``docs/headline.schema.json``.

Print it anew after a change of ``reports/headline.py``::

    python -m reports.schema > docs/headline.schema.json
"""

from __future__ import annotations

import json
from typing import Any

from reports.headline import Headline


def headline_schema() -> dict[str, Any]:
    """What pydantic makes of the model, descriptions included."""
    return Headline.model_json_schema(mode="serialization")


def schema_text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(headline_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
