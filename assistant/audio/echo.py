"""Echo cancelling: what the loudspeaker plays is taken out of what the microphone hears.

SpeexDSP's linear canceller (Debian: libspeexdsp1). It was compared with WebRTC's, PulseAudio's and one of our own:
docs/adr/0005-echo-cancelling.md. Nothing is suppressed afterwards, because a suppressor that makes a room silent for
a telephone call also takes the wake word of somebody who speaks meanwhile.
"""

import ctypes
import ctypes.util
from typing import Protocol

import numpy as np

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.errors import AudioError

TAIL_SECONDS = 0.256
"""Length of the echo path that is learnt: a kitchen's audible reverberation plus the alignment's lead."""

_SET_SAMPLING_RATE = 24
"""SPEEX_ECHO_SET_SAMPLING_RATE of speex/speex_echo.h."""

LIBRARY = "libspeexdsp.so.1"


class EchoCanceller(Protocol):
    """Takes the loudspeaker out of the microphone's sound. One stream; not thread-safe."""

    def process(self, heard: Samples, played: Samples) -> Samples:
        """A frame of the microphone, shape (FRAME_SAMPLES,), without the echo of `played`, the frame that the
        loudspeaker played at the same moment (or up to TAIL_SECONDS before). Adds no delay."""
        ...

    def reset(self) -> None:
        """Forget the room."""
        ...


class SpeexEchoCanceller:
    """SpeexDSP's multi-delay block frequency-domain filter with its own double-talk control."""

    def __init__(self) -> None:
        """Raises AudioError when the library is missing."""
        try:
            library = ctypes.CDLL(LIBRARY)
        except OSError as error:
            raise AudioError(
                "echo cancelling: the SpeexDSP library is missing; install it with `sudo apt install libspeexdsp1`"
            ) from error
        pointer, state = ctypes.c_void_p, ctypes.c_void_p
        library.speex_echo_state_init.restype = state
        library.speex_echo_state_init.argtypes = [ctypes.c_int, ctypes.c_int]
        library.speex_echo_ctl.argtypes = [state, ctypes.c_int, pointer]
        library.speex_echo_cancellation.argtypes = [state, pointer, pointer, pointer]
        library.speex_echo_cancellation.restype = None
        library.speex_echo_state_reset.argtypes = [state]
        library.speex_echo_state_reset.restype = None
        library.speex_echo_state_destroy.argtypes = [state]
        library.speex_echo_state_destroy.restype = None
        self._library = library
        self._state = library.speex_echo_state_init(FRAME_SAMPLES, round(TAIL_SECONDS * SAMPLE_RATE))
        if not self._state:
            raise AudioError("echo cancelling: there is not enough memory for it; close other programs")
        rate = ctypes.c_int(SAMPLE_RATE)
        library.speex_echo_ctl(self._state, _SET_SAMPLING_RATE, ctypes.byref(rate))

    def process(self, heard: Samples, played: Samples) -> Samples:
        """See EchoCanceller."""
        if heard.shape != (FRAME_SAMPLES,) or played.shape != (FRAME_SAMPLES,):
            raise ValueError(f"a frame has shape ({FRAME_SAMPLES},), not {heard.shape} and {played.shape}")
        near, far = np.ascontiguousarray(heard, np.int16), np.ascontiguousarray(played, np.int16)
        cleaned = np.empty(FRAME_SAMPLES, np.int16)
        self._library.speex_echo_cancellation(self._state, near.ctypes.data, far.ctypes.data, cleaned.ctypes.data)
        return cleaned

    def reset(self) -> None:
        """Forget the room."""
        self._library.speex_echo_state_reset(self._state)

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._library.speex_echo_state_destroy(self._state)


CANCELS_ITSELF = ("speakerphone", "conference", "speak ", "echo cancel", "echo-cancel", "xvf3800", "respeaker lite",
                  "anker powerconf", "jabra", "poly sync")  # fmt: skip
"""Parts of names (lower case) of devices that cancel their own echo. Two cancellers in a row only distort."""


def cancels_itself(name: str) -> bool:
    """Whether a microphone with this name is known to take its own loudspeaker's echo away."""
    return any(part in name.casefold() for part in CANCELS_ITSELF)
