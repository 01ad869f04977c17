"""A program: load a GGUF file, read one token, leave with status 0. llama.cpp ends the process on some damaged files.

    python -I tryload.py MODEL.gguf

Needs nothing but llama_cpp. On failure it leaves with status 3 and the engine's own reason as the last line on
standard error.
"""

import ctypes
import os
import re
import sys


def main(path: str) -> int:
    """0 when the model at `path` loads and runs, else 3."""
    os.environ["GGML_NO_BACKTRACE"] = "1"  # without it an abort starts a debugger, if there is one
    import llama_cpp  # noqa: PLC0415 - reads the environment above

    reasons: list[str] = []

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
    def log(level: int, text: bytes, _data: object) -> None:
        if level >= 3:  # warnings and errors; the numbers differ between releases
            reasons.append(text.decode("utf-8", "replace").strip())

    llama_cpp.llama_log_set(log, ctypes.c_void_p(0))
    settings = llama_cpp.llama_model_default_params()
    settings.n_gpu_layers = 0
    model = llama_cpp.llama_model_load_from_file(path.encode(), settings)
    if not model:
        found = [reason for reason in reasons if "error loading" in reason]
        said = re.sub(r".*error loading [^:]*: ", "", found[0]) if found else "it gave no reason"
        print(said, file=sys.stderr)
        return 3
    wanted = llama_cpp.llama_context_default_params()
    wanted.n_ctx = wanted.n_batch = 64
    wanted.n_threads = wanted.n_threads_batch = 1
    context = llama_cpp.llama_init_from_model(model, wanted)
    if not context:
        print("there is not enough memory for it", file=sys.stderr)
        return 3
    tokens = (llama_cpp.llama_token * 1)(0)
    return 3 if llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(tokens, 1)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
