"""Sentence files, one folder a language, in Home Assistant's format."""
