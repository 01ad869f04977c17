"""The language model: loading, reading, first token cold and warm, speaking, and under pressure."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from assistant.bench.figures import Effort, Series, Stage
from assistant.bench.stopwatch import Grammar, TimedModel
from assistant.errors import AssistantError
from assistant.llm import Message

PREFIX_TOKENS = 300
"""Tokens of the part that never changes: instructions and the list of a home's rooms and devices."""

NEW_TOKENS = 24
"""Tokens at most of a short question with the template's marks around it, for the first token's times."""

SHORT_TOKENS, LONG_TOKENS = 32, 256
"""Tokens of a spoken answer, and of one long enough for the cache to grow and the processor to warm."""

LOADS = 3
"""Loads at most: each reads the whole file."""

QUESTIONS = (
    "Which planet is the largest one in the solar system?",
    "Please tell me how long I should boil an egg.",
    "Why does bread go stale so much faster in the fridge?",
    "What could I cook with potatoes, onions and some cheese?",
)

_RULES = (
    "You are a voice assistant in somebody's home. Your words are spoken aloud. Answer in one to three short, plain "
    "sentences, without lists, markup, links or emoji. If you do not know something, say so; do not guess. "
)
_DEVICE = "There is a {device} in the {room}. "
_DEVICES = ("ceiling light", "reading lamp", "fan", "radiator", "curtain", "speaker", "socket", "blind")
_ROOMS = ("kitchen", "living room", "bedroom", "bathroom", "office", "hall", "garage", "garden")

CALLS = (
    '{"name": "set_timer", "minutes": 12, "label": "pasta"}',
    '{"name": "turn_on", "room": "kitchen", "device": "ceiling light"}',
    '{"name": "add_to_list", "list": "shopping", "item": "milk"}',
    '{"name": "set_temperature", "room": "bedroom", "degrees": 19}',
)
"""Tool calls as an instruct model writes them, for measuring a grammar on words that it allows."""

JSON_GRAMMAR = r"""
root ::= object
object ::= "{" ws (pair ("," ws pair)*)? "}"
pair ::= string ":" ws value
value ::= string | number | object | "true" | "false" | "null"
string ::= "\"" [^"\\\x7F\x00-\x1F]* "\""
number ::= "-"? [0-9]+ ("." [0-9]+)?
ws ::= " "?
"""


def static_part(model: TimedModel, tokens: int = PREFIX_TOKENS) -> Message:
    """A system message that is about `tokens` tokens in this model's vocabulary (never more, at most 20 fewer)."""
    text = _RULES
    devices = (_DEVICE.format(device=device, room=room) for room in _ROOMS * 9 for device in _DEVICES)
    while len(model.tokens(model.render([Message("system", text), Message("user", "")]))) < tokens:
        text += next(devices)
    words = text.split()
    while len(model.tokens(model.render([Message("system", " ".join(words)), Message("user", "")]))) > tokens:
        words.pop()
    return Message("system", " ".join(words))


def short_questions(model: TimedModel, prefix: Message, most: int = NEW_TOKENS) -> list[Message]:
    """QUESTIONS, words cut from their ends until each costs at most `most` new tokens after `prefix`."""
    empty = model.tokens(model.render([prefix, Message("user", "")]))
    found: list[Message] = []
    for question in QUESTIONS:
        words = question.split()
        while (
            len(words) > 1
            and _new(empty, model.tokens(model.render([prefix, Message("user", " ".join(words))]))) > most
        ):
            words.pop()
        found.append(Message("user", " ".join(words)))
    return found


def _new(known: list[int], wanted: list[int]) -> int:
    """Tokens of `wanted` behind what it shares with `known`."""
    same = 0
    for one, other in zip(known, wanted, strict=False):
        if one != other:
            break
        same += 1
    return len(wanted) - same


def measure_llm(
    stage: Stage, model_file: Path, effort: Effort, *, threads: int, context: int, cache: Path | None = None
) -> None:
    """Everything about one model in the appliance's engine."""
    load = stage.begin("llm_load_s", "s to load, file in the page cache after the first", min(LOADS, effort.repeats))
    model = TimedModel(model_file, threads=threads, context=context, cache=cache)
    try:
        for _ in effort.rounds(stage, load.name, load.wanted, warmup=0):
            model.close()
            model = TimedModel(model_file, threads=threads, context=context, cache=cache)
            load.add(model.load_s)
        stage.engine, stage.model = "llama.cpp", model.name
        prefix = static_part(model, min(PREFIX_TOKENS, model.context // 2))
        stage.facts |= {
            "file": model_file.name,
            "file_mb": round(model_file.stat().st_size / 1e6, 1),
            "threads": threads,
            "context": model.context,
            "prefix_tokens": len(model.tokens(model.render([prefix]))),
        }
        measure_first_token(stage, model, prefix, effort)
        measure_speaking(stage, model, prefix, effort)
        measure_restore(stage, model, prefix, effort)
        measure_grammar(stage, model, prefix, effort)
        measure_contended(stage, model, prefix, effort)
        stage.facts["rss_mb"] = round(psutil.Process().memory_info().rss / 1e6)
    finally:
        model.close()


def measure_first_token(stage: Stage, model: TimedModel, prefix: Message, effort: Effort) -> None:
    """Cold: nothing is known of the prompt. Warm: the static part is; only the question is read."""
    reading = stage.begin("llm_prefill_tok_s", "tokens a second while a prompt is read", effort.repeats)
    cold = stage.begin("llm_ttft_cold_ms", "ms to the first token, nothing cached", effort.repeats)
    warm = stage.begin("llm_ttft_warm_ms", "ms to the first token, static part cached", effort.repeats)
    new: list[int] = []
    questions = short_questions(model, prefix)
    for number, counts in enumerate(effort.rounds(stage, cold.name)):
        question = questions[number % len(questions)]
        other = questions[(number + 1) % len(questions)]
        model.forget()
        first = model.speak([prefix, question], 2)
        again = model.speak([prefix, other], 2)
        if counts:
            cold.add(first.first_token_s * 1000)
            warm.add(again.first_token_s * 1000)
            reading.add(first.steps[0].tokens / first.steps[0].seconds)
            new.append(again.steps[0].tokens)
    stage.facts["new_tokens_warm"] = [min(new, default=0), max(new, default=0)]
    stage.ratio("ttft_warm_over_cold", warm.name, cold.name)
    stage.notes.append("cold and warm: the appliance's engine on its C interface, static part and a question")


def measure_speaking(stage: Stage, model: TimedModel, prefix: Message, effort: Effort) -> None:
    """Tokens a second over a spoken answer's length and over a long one."""
    for what, tokens in (("short", SHORT_TOKENS), ("long", LONG_TOKENS)):
        series = stage.begin(
            f"llm_decode_{what}_tok_s", f"tokens a second over {tokens} tokens", effort.repeats
        )  # fmt: skip
        cpu = stage.begin(f"llm_decode_{what}_cpu_ms", "ms of processor time a token, all threads", effort.repeats)
        _decode(stage, (series, cpu), model, prefix, effort, tokens)


def _decode(  # noqa: PLR0917 - what is measured, with what, how often
    stage: Stage, into: tuple[Series, Series], model: TimedModel, prefix: Message, effort: Effort, tokens: int
) -> None:
    series, cpu = into
    room = model.context - len(model.tokens(model.render([prefix, Message("user", QUESTIONS[0])])))
    for number, counts in enumerate(effort.rounds(stage, series.name, series.wanted)):
        said = model.speak([prefix, Message("user", QUESTIONS[number % len(QUESTIONS)])], min(tokens, room))
        if counts and said.token_s:
            series.add(said.tokens_a_second)
            cpu.add(said.cpu_ms_a_token)


def measure_restore(stage: Stage, model: TimedModel, prefix: Message, effort: Effort) -> None:
    """The static part from a file, as after a restart, and the first token that follows."""
    took = stage.begin("prefix_restore_series_ms", "ms to take the static part from a file", effort.repeats)
    first = stage.begin("llm_ttft_restored_ms", "ms from the file to the first token", effort.repeats)
    question = [prefix, Message("user", QUESTIONS[0])]
    with tempfile.TemporaryDirectory(prefix="assistant-bench-") as folder:
        file = Path(folder) / "prefix.state"
        model.forget()
        model.read([prefix])
        stage.facts["prefix_file_mb"] = round(model.keep(file) / 1e6, 2)
        for counts in effort.rounds(stage, took.name):
            model.forget()
            began = time.perf_counter()
            model.restore(file)
            restored = time.perf_counter()
            said = model.speak(question, 1)
            if counts:
                took.add((restored - began) * 1000)
                first.add((restored - began + said.first_token_s) * 1000)
    stage.values["prefix_restore_ms"] = round(took.p50, 2)


def measure_grammar(stage: Stage, model: TimedModel, prefix: Message, effort: Effort) -> None:
    """What a JSON grammar costs, on given tool calls, so that every token is one that it allows.

    `plain`: the tokens alone. `grammar`: each token is checked before it is taken. The whole vocabulary's mask, the
    price of a token that is not allowed, is measured apart.
    """
    plain = stage.begin("llm_forced_tok_s", "tokens a second of a given tool call", effort.repeats)
    checked = stage.begin("llm_forced_grammar_tok_s", "the same, each token checked by a JSON grammar", effort.repeats)
    mask = stage.begin("llm_grammar_mask_ms", "ms to rule out tokens over the whole vocabulary", effort.repeats)
    grammar = Grammar(model, JSON_GRAMMAR)
    try:
        for number, counts in enumerate(effort.rounds(stage, checked.name)):
            answer = model.tokens(CALLS[number % len(CALLS)])
            answer = answer[1:] if answer[:1] == model.tokens("")[:1] else answer
            question = [prefix, Message("user", QUESTIONS[number % len(QUESTIONS)])]
            bare = _forced(model, question, answer, None)
            guarded = _forced(model, question, answer, grammar)
            grammar.begin()
            began = time.perf_counter()
            grammar.mask()
            masked = time.perf_counter() - began
            if counts:
                plain.add(bare)
                checked.add(guarded)
                mask.add(masked * 1000)
    finally:
        grammar.close()
    stage.ratio("grammar_decode_over_plain", checked.name, plain.name)
    stage.notes.append(
        "grammar: teacher-forced over given tool calls, the chosen token alone is checked; a token that is not "
        "allowed costs one mask over the vocabulary (llm_grammar_mask_ms)"
    )


def _forced(model: TimedModel, question: list[Message], answer: list[int], grammar: Grammar | None) -> float:
    if grammar:
        grammar.begin()
    steps = model.forced(question, answer)
    began = time.perf_counter()
    for place, _ in enumerate(steps):
        if place == 0:
            began = time.perf_counter()
        if grammar:
            if not grammar.allows(answer[place]):
                raise AssistantError(f"the grammar refuses {json.dumps(CALLS)}: this vocabulary cuts it otherwise")
            grammar.accept(answer[place])
    return len(answer) / (time.perf_counter() - began)


def measure_contended(stage: Stage, model: TimedModel, prefix: Message, effort: Effort) -> None:
    """Tokens a second while another program keeps one core busy, against without, in turns."""
    quiet = stage.begin("llm_decode_quiet_tok_s", "tokens a second, nothing of ours beside it", effort.repeats)
    busy = stage.begin("llm_decode_contended_tok_s", "tokens a second beside one busy process", effort.repeats)
    question = [prefix, Message("user", QUESTIONS[0])]
    for counts in effort.rounds(stage, busy.name):
        alone = model.speak(question, SHORT_TOKENS).tokens_a_second
        with competitor():
            beside = model.speak(question, SHORT_TOKENS).tokens_a_second
        if counts and alone and beside:
            quiet.add(alone)
            busy.add(beside)
    stage.ratio("decode_contended_over_quiet", busy.name, quiet.name)


@contextlib.contextmanager
def competitor() -> Iterator[None]:
    """A process of ours that computes without end beside the measurement."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()  # it runs
        yield
    finally:
        process.kill()
        process.communicate()
