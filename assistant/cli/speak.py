"""`assistant speak`: a text as a sound file."""

from pathlib import Path

import click
import numpy as np

from assistant.audio.files import write_wav
from assistant.cli import settings_of
from assistant.composition.engines import load_voice
from assistant.errors import AssistantError, UsageError
from assistant.tts.clauses import split
from assistant.tts.speakable import speakable


@click.command()
@click.argument("text")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The WAV file to write.")
@click.pass_context
def speak(context: click.Context, text: str, out: Path) -> int:
    """Say TEXT into a WAV file, with the voice and the pronunciation of the assistant's own replies."""
    if not text.strip():
        raise UsageError('speak needs some words, for example: assistant speak "Dinner is ready." --out dinner.wav')
    settings = settings_of(context)
    voice = load_voice(settings)
    chunks = [
        chunk.samples for clause in split(text) for chunk in voice.synthesize(speakable(clause, settings.language))
    ]
    if not chunks:
        raise AssistantError("there is nothing in that text that can be said; give it some words")
    samples = np.concatenate(chunks)
    write_wav(out, samples, voice.sample_rate)
    click.echo(f"{out}: {len(samples) / voice.sample_rate:.1f} s")
    return 0
