"""Measurements of this machine with the real engines, and calculations on them (docs/measuring.md)."""
