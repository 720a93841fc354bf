"""One kind of error for everything that the user can put right."""

from protocol.inspect_internals import PrerequisiteError


class ProtocolError(PrerequisiteError):
    """Bad input: what was wrong, what is allowed and what to do, in one line.

    Inspect prints it without a traceback and exits with a status that is not 0.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.line = message

    def __str__(self) -> str:
        return self.line
