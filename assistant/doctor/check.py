"""What one check says."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "warn", "fail", "absent"]
"""ok: fine · warn: works, could be better or should be looked at · fail: does not work · absent: is not there and
need not be."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's report."""

    name: str
    """What was looked at: "speech to text", "disk"."""
    state: State
    detail: str
    """What was found."""
    remedy: str = ""
    """What to do, in plain words; "" when there is nothing to do."""


def from_error(name: str, error: Exception, otherwise: str = "") -> Check:
    """A failed check from one of our one-line errors: "what is wrong; what to do"; `otherwise` where it does not say
    what to do."""
    detail, _, remedy = str(error).partition("; ")
    return Check(name, "fail", detail, remedy or otherwise)
