"""What is inside: a bill of materials (CycloneDX 1.5) and the notices that licences ask for.

Run inside the build as `python3 sbom.py ROOTFS OUT [DATA]`: standard library alone. DATA is what the data partition
starts with: a full image's models are there.
"""

import email.parser
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any, Protocol


class Named(Protocol):
    """What of a variant is named in the notices."""

    @property
    def name(self) -> str:
        """The variant's name."""

    @property
    def hailo(self) -> bool:
        """Whether the accelerator's software is inside."""

    @property
    def full(self) -> bool:
        """Whether the catalogue's models are inside."""


def python_packages(library: Path) -> list[dict[str, str]]:
    """Name, version and licence of every package below `library`, as its own metadata says."""
    found = []
    for metadata in sorted(library.glob("*.dist-info/METADATA")):
        fields = email.parser.HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
        classifiers = [c.split(" :: ")[-1] for c in fields.get_all("Classifier", []) if c.startswith("License ::")]
        licence = (
            fields.get("License-Expression") or "; ".join(classifiers) or (fields.get("License") or "").split("\n")[0]
        )
        found.append(
            {"name": fields["Name"], "version": fields["Version"], "licence": licence[:100].strip() or "see its files"}
        )
    return found


def debian_packages(table: Path) -> list[dict[str, str]]:
    """The rows that the build wrote before the package manager left."""
    names = ("name", "version", "architecture", "source", "source_version")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in table.read_text(encoding="utf-8").splitlines()]


def copyright_licences(rootfs: Path, package: str) -> list[str]:
    """The licences named in a Debian package's copyright file, when it is in the readable format."""
    path = rootfs / "usr/share/doc" / package / "copyright"
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return sorted({m.strip() for m in re.findall(r"^License:[ \t]*(\S[^\n]*)$", text, re.MULTILINE)})


def embedded_models(models: Path) -> list[dict[str, str]]:
    """Every sealed file of the embedded set with its hash."""
    seal = models / "embedded" / "SHA256SUMS"
    return [
        {"sha256": line.split()[0], "name": line.split()[1].lstrip("*./")}
        for line in seal.read_text(encoding="utf-8").splitlines()
    ]


def installed_models(data: Path, models: Path) -> list[dict[str, str]]:
    """Every file of every installed model with its hash, from the receipts; licences from the catalogue in `models`."""
    licences = {entry["id"]: entry["licence"] for entry in catalogue(models / "catalogue.toml")}
    found = []
    for path in sorted(data.glob("lib/assistant/models/*/installed.json")):
        receipt = json.loads(path.read_text(encoding="utf-8"))
        for file in receipt["files"]:
            name = f"{receipt['id']}/{file['name']}"
            found.append({"name": name, "sha256": file["sha256"], "licence": licences[receipt["id"]]})
    return found


def bill(rootfs: Path, identity: dict[str, Any], data: Path | None = None) -> dict[str, Any]:
    """The bill of materials of a finished root file system and, in `data`, of what the data partition starts with."""
    components: list[dict[str, Any]] = []
    for row in debian_packages(rootfs / "usr/lib/assistant/debian-packages.tsv"):
        component: dict[str, Any] = {
            "type": "library",
            "name": row["name"],
            "version": row["version"],
            "purl": f"pkg:deb/debian/{row['name']}@{row['version']}?arch={row['architecture']}&distro=trixie",
        }
        if licences := copyright_licences(rootfs, row["name"]):
            component["licenses"] = [{"license": {"name": name}} for name in licences]
        components.append(component)
    for row in python_packages(rootfs / "opt/assistant/lib"):
        purl = f"pkg:pypi/{row['name'].lower().replace('_', '-')}@{row['version']}"
        licence = [{"license": {"name": row["licence"]}}]
        components.append(
            {"type": "library", "name": row["name"], "version": row["version"], "purl": purl, "licenses": licence}
        )
    for row in embedded_models(rootfs / "opt/assistant/models"):
        hashes = [{"alg": "SHA-256", "content": row["sha256"]}]
        components.append(
            {"type": "machine-learning-model", "name": row["name"], "version": identity["version"], "hashes": hashes}
        )
    components += [
        {
            "type": "machine-learning-model",
            "name": row["name"],
            "version": identity["version"],
            "hashes": [{"alg": "SHA-256", "content": row["sha256"]}],
            "licenses": [{"license": {"name": row["licence"]}}],
        }
        for row in (installed_models(data, rootfs / "opt/assistant/models") if data else [])
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "operating-system",
                "name": f"assistant-{identity['target']}-{identity['variant']}",
                "version": identity["version"],
                "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
            }
        },
        "components": components,
    }


_HAILO = """
The AI HAT+ 2's software is inside: the runtime is MIT (parts LGPL), the driver GPL-2.0. The card's firmware is under
Hailo's own terms, which have not been cleared for passing on: **this image is for its builder's own use.**
"""


def notices(library: Path, variant: Named) -> str:
    """The text that goes into the image and beside it."""
    rows = "\n".join(f"| {p['name']} | {p['version']} | {p['licence']} |" for p in python_packages(library))
    hailo = _HAILO if variant.hailo else ""
    return f"""# Third parties in this image

The program itself is GPL-3.0-or-later.

## What GPL-3.0 means for this image

Piper, the speech synthesiser, is GPL-3.0, and so is the program that is linked with it. Whoever passes this image or a
device with it on must also pass on, or offer for three years, the complete corresponding source: the program's
repository at the commit in /usr/lib/assistant/image.json, Piper's source, and the scripts that built the image
(`image/` and `scripts/` of the same commit). In a consumer product the owner must be able to install a changed version:
nothing in this image locks the device to one signer. Whoever flashes an image built with a key of their own
has a device that takes their updates; secure boot is not used.
Using the device, speaking with it and what it says are not touched by the licence.

## Debian's packages

Each one's terms are in /usr/share/doc/<package>/copyright; their sources are at Debian (and Raspberry Pi) under the
versions listed in the bill of materials, sbom.cdx.json. Who passes the image on also owes these sources.
{hailo}
## Python packages

| package | version | licence |
|---|---|---|
{rows}
"""


def main() -> int:
    """Write the bill beside the image and into it."""
    rootfs, out = Path(sys.argv[1]), Path(sys.argv[2])
    data = Path(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3] else None
    identity = json.loads((rootfs / "usr/lib/assistant/image.json").read_text(encoding="utf-8"))
    text = json.dumps(bill(rootfs, identity, data), indent=1) + "\n"
    out.write_text(text, encoding="utf-8")
    inside = rootfs / "usr/share/doc/assistant/sbom.cdx.json"
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.write_text(text, encoding="utf-8")
    return 0


def catalogue(path: Path) -> list[dict[str, Any]]:
    """The model catalogue's entries, unchecked (the program checks them)."""
    return list(tomllib.loads(path.read_text(encoding="utf-8"))["model"])


if __name__ == "__main__":
    sys.exit(main())
