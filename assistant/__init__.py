"""An offline voice assistant: sound in, one turn at a time through the rooms, sound out."""

import os

__version__ = "0.1.0"

# numpy's products here are small: shared among threads they took 0.17 s of processor time a second of sound in the
# recogniser instead of 0.06, and ten times as long at worst (docs/measuring.md). Read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# onnxruntime's Linux wheel (1.31.1) keeps an identifier of the device in ~/.cache and holds an uploader for its maker
# (docs/privacy.md). Set, not defaulted: nobody may say otherwise. Read when it is first imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
