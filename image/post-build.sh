#!/usr/bin/env bash
# rpi-image-gen calls this when the root file system is finished: the bill of materials goes into it and beside the image.
set -euo pipefail
: "${IGconf_image_outputdir:?}"
mkdir -p "$IGconf_image_outputdir"
python3 "$(dirname "${BASH_SOURCE[0]}")/build/sbom.py" "$1" "$IGconf_image_outputdir/sbom.cdx.json" "${IGconf_image_data_tree:-}"
