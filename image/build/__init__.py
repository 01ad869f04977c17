"""Builds the image. Standard library, PyYAML and `cryptography` alone; `scripts/build_image` is the way in."""
