"""Log-mel features exactly as Vosk computes them at run time (Kaldi's filter bank, no dither).

The exported model takes MFCC with all 40 coefficients, which is the log-mel vector times an orthonormal cosine
matrix; training on log-mel and folding that matrix into the first layer keeps augmentation simple.
"""

import kaldi_native_fbank as knf
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16000
BINS = 40
FLOOR = -15.9
"""log of float32's epsilon: what Kaldi writes for digital silence."""


def _options() -> knf.FbankOptions:
    options = knf.FbankOptions()
    frame = options.frame_opts
    frame.samp_freq = SAMPLE_RATE
    frame.dither = 0.0
    frame.window_type = "povey"
    frame.snip_edges = True
    frame.frame_shift_ms = 10.0
    frame.frame_length_ms = 25.0
    frame.preemph_coeff = 0.97
    frame.remove_dc_offset = True
    frame.round_to_power_of_two = True
    options.mel_opts.num_bins = BINS
    options.mel_opts.low_freq = 20.0
    options.mel_opts.high_freq = 7600.0
    options.use_energy = False
    options.use_log_fbank = True
    options.use_power = True
    return options


_OPTIONS = _options()


def log_mel(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    """`samples` at 16 kHz in 16-bit scale (±32768) → (frames, 40); 10 ms apart, 25 ms wide."""
    bank = knf.OnlineFbank(_OPTIONS)
    bank.accept_waveform(SAMPLE_RATE, np.asarray(samples, np.float32).tolist())
    bank.input_finished()
    count = bank.num_frames_ready
    if count == 0:
        return np.zeros((0, BINS), np.float32)
    return np.maximum(np.stack([bank.get_frame(i) for i in range(count)]), FLOOR)
