#!/usr/bin/env python3
"""A stand-in for a published Piper voice: its exact architecture, random weights. It is as fast, and speaks noise.

    python3 -m venv VENV && VENV/bin/pip install -r scripts/voice/standin-requirements.txt
    VENV/bin/python scripts/voice/standin.py --quality medium --out standin-medium.onnx
    ASSISTANT_SPEAKING__MODEL=standin-medium.onnx assistant bench tts

The network and its export are Piper's own training code (`piper.train`), with the values that its trainer has by
default: "medium" (22.05 kHz) and "low" (16 kHz) differ in the sampling rate alone. The weights are drawn by PyTorch's
initialisers; only the duration predictor gets a bias, so that a phoneme lasts as long as in a trained voice.
"""

import argparse
import json
import math
import sys
from pathlib import Path

SAMPLING = {"low": 16_000, "medium": 22_050}
"""Hz."""

HOP = 256
"""Samples a frame: the product of the upsampling rates."""

SYMBOL_S = 0.0375
"""Seconds a symbol: read English has some 13 phonemes a second, and Piper puts a blank after each."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quality", choices=tuple(SAMPLING), default="medium")
    parser.add_argument("--out", type=Path, required=True, help="the .onnx to write; its .onnx.json is put beside it")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    try:
        import torch
        from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP
        from piper.train.vits.models import SynthesizerTrn
    except ImportError as error:
        print(f"standin: {error.name} is not installed; see the first lines of {__file__}", file=sys.stderr)
        return 1
    torch.manual_seed(options.seed)
    symbols = 256
    net = SynthesizerTrn(
        n_vocab=symbols, spec_channels=513, segment_size=32, inter_channels=192, hidden_channels=192,
        filter_channels=768, n_heads=2, n_layers=6, kernel_size=3, p_dropout=0.1, resblock="2",
        resblock_kernel_sizes=(3, 5, 7), resblock_dilation_sizes=((1, 2), (2, 6), (3, 12)), upsample_rates=(8, 8, 4),
        upsample_initial_channel=256, upsample_kernel_sizes=(16, 16, 8), n_speakers=1, gin_channels=0, use_sdp=True,
    )  # fmt: skip
    rate = SAMPLING[options.quality]
    with torch.no_grad():
        # the predictor's last step subtracts `m` from the logarithm of the frames, which are then rounded up: half a
        # frame more on average
        net.dp.flows[0].m[0, 0] = -math.log(SYMBOL_S * rate / HOP - 0.5)
        net.eval()
        net.dec.remove_weight_norm()

    def infer(text, lengths, scales, sid=None):  # noqa: ANN001, ANN202 - the exporter's own shape
        noise, length, width = scales[0], scales[1], scales[2]
        sound = net.infer(text, lengths, noise_scale=noise, length_scale=length, noise_scale_w=width, sid=sid)[0]
        return sound.unsqueeze(1)

    net.forward = infer
    options.out.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        net, (torch.randint(0, symbols, (1, 50)), torch.LongTensor([50]), torch.FloatTensor([0.667, 1.0, 0.8]), None),
        options.out, opset_version=15, input_names=["input", "input_lengths", "scales", "sid"], output_names=["output"],
        dynamic_axes={"input": {0: "batch_size", 1: "phonemes"}, "input_lengths": {0: "batch_size"},
                      "output": {0: "batch_size", 2: "time"}}, dynamo=False,
    )  # fmt: skip
    config = {
        "audio": {"sample_rate": rate, "quality": options.quality}, "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8}, "phoneme_type": "espeak",
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP, "num_symbols": symbols, "num_speakers": 1, "speaker_id_map": {},
        "dataset": "stand-in: random weights",
    }  # fmt: skip
    options.out.with_name(options.out.name + ".json").write_text(json.dumps(config), encoding="utf-8")
    print(f"{options.out}: {options.out.stat().st_size} bytes, {options.quality}, random weights")
    return 0


if __name__ == "__main__":
    sys.exit(main())
