"""Keeps a wheel from being built: the suite is cloned and installed editable."""

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel


class NoWheel(bdist_wheel):
    """Refuses in one line, instead of a wheel whose every command would miss its data files."""

    def run(self) -> None:
        """Refuse."""
        raise SystemExit(
            "bwalpha is not built as a wheel: its tasks and data files are read from the clone. "
            "Clone the repository and run: pip install -e ."
        )


setup(cmdclass={"bdist_wheel": NoWheel})
