"""Which panel a file's questions are, matched question by question by hash."""

from exchange.eps.original import Detailed
from exchange.strict_json import shortened
from protocol.data import DATASETS, read_jsonl
from protocol.errors import ProtocolError
from protocol.panels import Panel, Question, load_panel
from protocol.sources import sha256


def match_panel(file: Detailed, panel: str | None) -> tuple[Panel, dict[str, Question], list[str]]:
    """Match a file's questions to a panel.

    Args:
        file: The file.
        panel: A panel as for `-T panel`; None tries `bw52` and `open52`.

    Returns:
        The panel, its question for each text of the file, and warnings.

    Raises:
        ProtocolError: A question belongs to no panel, or to another than the rest.
    """
    names = [panel] if panel else ["bw52", "open52"]
    texts = list(file.completions)
    best = max(names, key=lambda name: sum(text in _known(name, texts) for text in texts))
    known = _known(best, texts)
    strange = [text for text in texts if text not in known]
    if strange:
        raise ProtocolError(
            f"{file.path} does not match the panel{'s' if not panel else ''} {' or '.join(names)}: "
            f"{len(strange)} of {len(texts)} questions are unknown, first {shortened(strange[0])}. "
            "Give their panel with --panel."
        )
    whole = _whole(best, known)
    warnings = []
    if len(texts) < len(whole.questions):
        missing = len(whole.questions) - len(texts)
        warnings.append(f"{file.path.name}: {missing} questions of {best} are not in it")
    return whole, known, warnings


def _known(name: str, texts: list[str]) -> dict[str, Question]:
    if name != "bw52":
        return {question.input: question for question in load_panel(name).questions}
    pins = {row["sha256"]: row for row in read_jsonl(DATASETS / "panels" / "bw52.jsonl")}
    found = {}
    for text in texts:
        row = pins.get(sha256(text))
        if row is not None:
            fields = {key: value for key, value in row.items() if key != "sha256"}
            found[text] = Question(input=text, **fields)
    return found


def _whole(name: str, known: dict[str, Question]) -> Panel:
    """The panel itself; of bw52 a complete file is enough, so that nothing has to be fetched."""
    if name != "bw52":
        return load_panel(name)
    order = [row["id"] for row in read_jsonl(DATASETS / "panels" / "bw52.jsonl")]
    by_id = {question.id: question for question in known.values()}
    if len(by_id) < len(order):
        return load_panel(name)
    return Panel(name=name, questions=tuple(by_id[identity] for identity in order))
