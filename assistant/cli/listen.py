"""`assistant listen`: speech to text alone."""

import json
from pathlib import Path

import click

from assistant.audio.files import stream
from assistant.cli import home_option, json_option, settings_of
from assistant.composition.engines import load_hearing
from assistant.errors import AssistantError


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
@home_option
@click.pass_context
def listen(context: click.Context, files: tuple[Path, ...], as_json: bool, home: Path | None) -> int:
    """Print the words in FILES. No wake word, nothing is done."""
    hearing = load_hearing(settings_of(context, home))
    status = 0
    for path in files:
        try:
            utterance = hearing.start()
            for samples in stream(path):
                utterance.feed(samples)
            result = utterance.finish()
        except AssistantError as error:
            click.echo(f"assistant: {error}", err=True)
            status = 1
            continue
        if as_json:
            row = {
                "file": str(path),
                "transcript": result.chosen.text,
                "confidence": round(result.chosen.confidence, 3),
                "source": result.chosen.source,
                "reason": result.reason,
                "words": [
                    {"word": word.text, "start": round(word.start_s, 2), "end": round(word.end_s, 2),
                     "confidence": round(word.confidence, 3)}
                    for word in result.chosen.words
                ],
                "others": [{"transcript": other.text, "source": other.source} for other in result.others],
            }  # fmt: skip
            click.echo(json.dumps(row, ensure_ascii=False))
        else:
            click.echo(f"{path}: {result.chosen.text or '(nothing heard)'}")
    return status
