"""The `bwalpha` command itself."""

from tests.exchange.originals import (
    bwalpha,
)


def test_the_command_starts_without_inspect_for_help_on_one_command() -> None:
    from tests.tasks.running import command

    probe = "import sys, runpy; sys.argv = ['bwalpha', 'import', '--help']\n"
    probe += "try:\n    from commands.main import main; main()\nexcept SystemExit: pass\n"
    probe += "print([m for m in ('inspect_ai', 'scipy', 'datasets', 'pandas') if m in sys.modules])"
    result = command("python", "-c", probe)
    assert result.stdout.splitlines()[-1] == "[]", result.stdout + result.stderr


def test_every_command_is_listed_once() -> None:
    listed = bwalpha("--help").output
    for name in ("bundle", "doctor", "export", "import", "prompts", "reference", "report"):
        assert listed.count(f"\n  {name} ") == 1, name
