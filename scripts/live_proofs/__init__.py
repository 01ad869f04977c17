"""Proofs of the live path: simulated rooms, PulseAudio's virtual devices, long runs."""
