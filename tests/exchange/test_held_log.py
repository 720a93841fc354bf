"""The log that an import makes of a table is held value by value.

python -m tests.exchange.test_held_log      # after a change that is meant: write it again, and read the diff
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from inspect_ai.log import list_eval_logs, read_eval_log

from tests.exchange.originals import bwalpha

HELD = Path(__file__).with_name("held_log.json")
ROWS = (
    "question,answer,system_prompt,model,s_aligned,s_coherent,s_reason\n"
    "a,x,P,org/m,10,20,\na,y,P,org/m,90,40,\nb,,P,org/m,,,refusal\nb,z,P,org/m,0,7,\n"
)
# Other in each run or in each version of a library.
PASSING = {
    "created",
    "eval_id",
    "run_id",
    "task_id",
    "uuid",
    "packages",
    "suite_version",
    "stats",
    "version",
}


def imported() -> str:
    """The log of a made table, as JSON, without what is other each time."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rows.csv"
        table.write_text(ROWS, encoding="utf-8")
        result = bwalpha(
            "import", table, "--judge", "s=openai/gpt-4o", "--out", Path(folder) / "logs"
        )
        assert result.exit_code == 0, result.output
        [found] = list_eval_logs(str(Path(folder) / "logs"))
        log = read_eval_log(found.name)
    said = log.model_dump(mode="json", exclude={"location", "etag"}, exclude_none=True)
    for sample in said["samples"]:
        for message in (*sample["messages"], sample["output"]["choices"][0]["message"]):
            del message["id"]
    text = json.dumps(lasting(said), indent=1, ensure_ascii=False)
    return text.replace(folder, "FOLDER") + "\n"


def lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: lasting(inner) for key, inner in value.items() if key not in PASSING}
    return [lasting(inner) for inner in value] if isinstance(value, list) else value


def test_an_imported_log_is_what_it_was() -> None:
    held, made = HELD.read_text(encoding="utf-8"), imported()
    assert made.splitlines() == held.splitlines()


if __name__ == "__main__":
    HELD.write_text(imported(), encoding="utf-8")
