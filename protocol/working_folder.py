"""The folder that the user typed the command in.

Inspect works in a task file's own folder while it loads it, so a relative path in `-T` would be looked
for in `tasks/`. This module is an `inspect_ai` entry point, which Inspect imports before that.
"""

import os
from pathlib import Path

INVOKED_FROM = Path.cwd()


def user_path(text: str) -> Path:
    """Resolve a path as the user meant it, from the folder the command was typed in."""
    return INVOKED_FROM / os.path.expanduser(text)
