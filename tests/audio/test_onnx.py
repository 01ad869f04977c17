"""What the graphs' runtime does besides running graphs: nothing."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

USE = """
import sys
import assistant
import onnxruntime
onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
"""


def test_it_keeps_no_identifier_of_the_device(tmp_path: Path) -> None:
    graph = next((ROOT / "models/embedded/vad").glob("*.onnx"))
    # it also keeps still where it believes itself on a build server
    hidden = {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "CI", "GITHUB_ACTIONS"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", USE, str(graph)], env=environment, check=True, capture_output=True)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
