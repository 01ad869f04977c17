"""A simulated room: the loudspeaker's sound comes back to the microphone late, reverberated and a little distorted."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.noise import quiet, to_pcm


@dataclass(frozen=True, slots=True)
class Room:
    """What lies between the loudspeaker and the microphone."""

    gain_db: float
    """Power of the echo relative to what the loudspeaker was given."""
    delay_s: float = 0.03
    """Until the first sound arrives: the devices' own delay that alignment leaves, plus the way through the air."""
    reverberation_s: float = 0.35
    """RT60. A furnished kitchen has 0.3 to 0.5 s."""
    distortion: float = 0.2
    """Share of a small loudspeaker's saturation: what no linear filter can take away."""
    seed: int = 0

    def response(self) -> npt.NDArray[np.float64]:
        """The impulse response at 16 kHz, energy 1: a direct sound and a tail of noise that dies exponentially."""
        rng = np.random.default_rng(self.seed)
        time = np.arange(round(self.reverberation_s * SAMPLE_RATE)) / SAMPLE_RATE
        tail = rng.standard_normal(time.size) * 10 ** (-3 * time / self.reverberation_s)
        # the direct sound holds half of the energy: a loudspeaker and a microphone stand a metre apart
        tail[0] = np.sqrt(np.sum(tail[1:] ** 2))
        response = np.concatenate((np.zeros(round(self.delay_s * SAMPLE_RATE)), tail))
        return response / np.sqrt(np.sum(response**2))

    def echo(self, played: Samples) -> npt.NDArray[np.float64]:
        """What the microphone hears of `played`, in [-1, 1], as long as `played`."""
        driven = played / 32768
        saturated = np.tanh(3 * driven) / 3
        driven = (1 - self.distortion) * driven + self.distortion * saturated
        heard = convolve(driven, self.response())[: played.size]
        return heard * 10 ** (self.gain_db / 20)


def convolve(signal: npt.NDArray[np.float64], response: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Full linear convolution by overlap-add; length of both together minus one."""
    size = 1 << int(np.ceil(np.log2(4 * response.size)))
    step = size - response.size + 1
    shape = np.fft.rfft(response, size)
    out = np.zeros(signal.size + response.size - 1 + size)
    for start in range(0, signal.size, step):
        out[start : start + size] += np.fft.irfft(np.fft.rfft(signal[start : start + step], size) * shape, size)
    return out[: signal.size + response.size - 1]


def microphone(echo: npt.NDArray[np.float64], near: npt.NDArray[np.float64] | None = None, *, seed: int = 0) -> Samples:
    """Echo and near speech on the noise of a quiet room, as a converter delivers it."""
    total = echo + quiet(echo.size / SAMPLE_RATE + 1, seed=seed)[: echo.size] / 32768
    return to_pcm(total if near is None else total + near)
