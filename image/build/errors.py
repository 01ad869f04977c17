"""How a build fails."""


class BuildError(Exception):
    """One line: what is wrong and what to do."""
