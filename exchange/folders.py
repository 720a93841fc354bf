"""New folders that appear whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from protocol.errors import ProtocolError


def check_new(out: Path) -> None:
    """Refuse a target that is a file or a folder with something in it.

    Raises:
        ProtocolError: Something would be overwritten.
    """
    if out.is_dir():
        if any(out.iterdir()):
            raise ProtocolError(f"--out {out} is not empty. Name a new folder.")
    elif out.exists() or out.is_symlink():
        raise ProtocolError(f"--out {out} is a file. Name a new folder.")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Hand out a folder beside `out` that becomes `out` when all went well, and goes otherwise.

    Raises:
        ProtocolError: `out` is taken or cannot be made.
    """
    check_new(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise ProtocolError(f"--out {out} cannot be made: {error.strerror}.") from error
    try:
        yield partial
        partial.chmod(0o755)
        if out.is_dir():
            out.rmdir()
        partial.replace(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
