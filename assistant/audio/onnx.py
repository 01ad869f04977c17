"""ONNX graphs that listen all day: one thread that never spins."""

from pathlib import Path

import onnxruntime

from assistant.errors import ModelError


def session(path: Path, what: str) -> onnxruntime.InferenceSession:
    """Load the graph at `path` for the CPU. `what` names it in the ModelError raised when it cannot be loaded."""
    options = onnxruntime.SessionOptions()
    # these graphs need well under a millisecond a call: a pool that spins between calls would burn whole cores
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 4  # its errors arrive as exceptions; its log would add lines to standard error
    if not path.is_file():
        raise ModelError(f"{path}: the {what} is missing; install it again")
    try:
        return onnxruntime.InferenceSession(str(path), sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise ModelError(f"{path}: the {what} is damaged or no ONNX file; install it again") from error
