"""The machine itself: what it is, its heat and power, and whether a neural accelerator is ready."""
