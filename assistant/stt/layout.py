"""Is this directory a Vosk model? Checked before the engine sees it, because the engine's own answers are poor."""

import struct
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelError

_FST_MAGIC = struct.pack("<i", 2_125_659_606)
"""The first four bytes of every OpenFst binary file."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a model lie. Two layouts exist: folders (am/, graph/, conf/) and the older flat one."""

    directory: Path
    acoustic: Path
    graph: Path
    """The folder that holds the graph's files."""
    runtime_grammar: bool
    """True when the graph is split (HCLr + Gr), so that a grammar can be put in at run time."""

    @property
    def words(self) -> Path:
        """The list of words; it may be missing when the graph carries it."""
        return self.graph / "words.txt"


def check_layout(directory: Path) -> Layout:
    """The model's layout. Raises ModelError, one line, for everything that is no complete Vosk model."""
    try:
        if not directory.exists():
            raise ModelError(f"{directory}: there is no such speech model; 'assistant models list' shows what is here")
        if not directory.is_dir():
            raise ModelError(f"{directory}: is a file; a Vosk speech model is a directory (unpack the archive first)")
        if not any(directory.iterdir()):
            raise ModelError(f"{directory}: the speech model directory is empty; pull or import the model again")
    except PermissionError as error:
        raise ModelError(f"{directory}: cannot be read (permission denied); check its owner and mode") from error

    flat = not (directory / "am" / "final.mdl").exists() and (directory / "final.mdl").exists()
    acoustic = directory / ("final.mdl" if flat else "am/final.mdl")
    graph = directory if flat else directory / "graph"
    conf = directory if flat else directory / "conf"
    if not acoustic.exists():
        raise ModelError(f"{directory}: is not a Vosk speech model (am/final.mdl is missing)")
    static = (graph / "HCLG.fst").exists()
    needed = [acoustic, conf / ("fbank.conf" if (conf / "fbank.conf").exists() else "mfcc.conf")]
    if not flat:
        needed.append(conf / "model.conf")
    graphs = [graph / "HCLG.fst"] if static else [graph / "HCLr.fst", graph / "Gr.fst"]
    needed += graphs if static else [*graphs, graph / "disambig_tid.int"]
    if (directory / "ivector").is_dir():
        names = ("final.ie", "final.dubm", "final.mat", "global_cmvn.stats", "splice.conf")
        needed += [directory / "ivector" / name for name in names]
    optional = [graph / "words.txt", graph / ("word_boundary.int" if flat else "phones/word_boundary.int")]
    needed += [path for path in optional if path.exists()]
    for path in needed:
        _check_file(directory, path, binary=_FST_MAGIC if path in graphs else b"")
    if (head := _head(acoustic, 18)) and not head.startswith((b"\0B", b"<TransitionModel>")):
        raise ModelError(f"{acoustic}: is not a Kaldi acoustic model; pull or import the speech model again")
    return Layout(directory, acoustic, graph, runtime_grammar=not static)


def _check_file(directory: Path, path: Path, binary: bytes) -> None:
    name = path.relative_to(directory)
    if not path.is_file():
        raise ModelError(f"{directory}: the speech model is incomplete ({name} is missing); pull or import it again")
    try:
        head = _head(path, 4)
    except PermissionError as error:
        raise ModelError(f"{path}: cannot be read (permission denied); check its owner and mode") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check the disk") from error
    if not head:
        raise ModelError(f"{directory}: the speech model is damaged ({name} is empty); pull or import it again")
    if binary and head != binary:
        raise ModelError(f"{directory}: the speech model is damaged ({name} is no graph file); pull or import it again")


def _head(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)
