"""Shared by the room's tests."""

from tests.audio.portaudio import portaudio

__all__ = ["portaudio"]
