"""Failures that a person is told about: one plain line, what is wrong and what to do."""


class AssistantError(Exception):
    """Something failed for a reason a person can act on.

    The message is one line. It names the file, field or device and says what to do next. The command line
    prints it to standard error and exits with status 1; the voice speaks it.
    """


class UsageError(AssistantError):
    """The request itself was wrong (a bad option, a wrong type in the settings). Exit status 2."""


class ModelError(AssistantError):
    """A model is missing, damaged or of another kind."""


class AudioError(AssistantError):
    """A sound file or device cannot be used."""


class StoreError(AssistantError):
    """The database cannot be read or written. Nothing that was confirmed may be lost by ignoring this."""
