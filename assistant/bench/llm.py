"""The language model: loading, reading, first token cold and warm, speaking, and under pressure."""

import tempfile
import time
from pathlib import Path

from assistant.bench.contention import measure_contended
from assistant.bench.figures import Effort, Series, Stage
from assistant.bench.stopwatch import Library, TimedModel
from assistant.llm import Message
from assistant.llm.memory import resident_mb
from assistant.texts import texts

PREFIX_TOKENS = 300
"""Tokens of the part that never changes: instructions and the list of a home's rooms and devices."""

NEW_TOKENS = 24
"""Tokens at most of a short question with the template's marks around it, for the first token's times."""

SHORT_TOKENS, LONG_TOKENS = 32, 256
"""Tokens of a spoken answer, and of one long enough for the cache to grow and the processor to warm."""

LOADS = 3
"""Loads at most: each reads the whole file."""

BOUND_TOKENS = 48
"""Tokens of free text and of JSON that are compared: a long tool call."""

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

TEXT_SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"enum": ["set_timer", "turn_on", "add_to_list", "set_temperature"]},
        "text": {"type": "string", "minLength": 1000, "maxLength": 2000},
    },
    "required": ["name", "text"],
    "additionalProperties": False,
}
"""A tool call with a long free text: the model goes on choosing among nearly all of its vocabulary."""


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
        measure_speaking(stage, model, prefix, effort)
        stage.facts["rss_mb"] = resident_mb()
        measure_restore(stage, model, prefix, effort)
        measure_engine(stage, model, prefix, effort)
        measure_check(stage, model, prefix, effort)
        measure_grammar(stage, model, prefix, effort)
        measure_contended(stage, model, [prefix, Message("user", QUESTIONS[0])], effort, SHORT_TOKENS)
        library = Library(model_file, threads=threads, context=model.context)
        try:
            measure_first_token(stage, model, prefix, effort, library)
        finally:
            library.close()
    finally:
        model.close()


def measure_first_token(stage: Stage, model: TimedModel, prefix: Message, effort: Effort, library: Library) -> None:
    """Cold: nothing is known of the prompt. Warm: the static part is; only the question is read. In turns."""
    reading = stage.begin("llm_prefill_tok_s", "tokens a second while a prompt is read", effort.repeats)
    theirs = stage.begin(
        "llm_ttft_library_cold_ms", "ms to the first token of a cold Llama.create_chat_completion", effort.repeats
    )
    cold = stage.begin("llm_ttft_cold_ms", "ms to the first token, nothing cached", effort.repeats)
    warm = stage.begin("llm_ttft_warm_ms", "ms to the first token, static part cached", effort.repeats)
    new: list[int] = []
    questions = short_questions(model, prefix)
    for number, counts in enumerate(effort.rounds(stage, cold.name)):
        question = questions[number % len(questions)]
        other = questions[(number + 1) % len(questions)]
        took = library.cold([prefix, other])
        model.unlearn()
        first = model.speak([prefix, question], 2)
        again = model.speak([prefix, other], 2)
        if counts:
            theirs.add(took * 1000)
            cold.add(first.first_token_s * 1000)
            warm.add(again.first_token_s * 1000)
            reading.add(first.steps[0].tokens / first.steps[0].seconds)
            new.append(again.steps[0].tokens)
    stage.facts["new_tokens_warm"] = [min(new, default=0), max(new, default=0)]
    stage.ratio("ttft_warm_over_cold", warm.name, theirs.name)
    stage.ratio("ttft_warm_over_own_cold", warm.name, cold.name)
    stage.notes.append(
        "ttft_warm_over_cold: the appliance's engine with the static part cached, over Llama.create_chat_completion of "
        "the same messages with an empty cache and one token to answer, same threads, in turns"
    )


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
    """The static part from a file, its checksum looked at, as at every start; and the first token that follows."""
    took = stage.begin("prefix_restore_series_ms", "ms to take the static part from a file", effort.repeats)
    first = stage.begin("llm_ttft_restored_ms", "ms from the file to the first token", effort.repeats)
    static, question = [prefix, Message("user", "")], [prefix, Message("user", QUESTIONS[0])]
    with tempfile.TemporaryDirectory(prefix="assistant-bench-") as folder:
        model.prepare(static, Path(folder))
        (file,) = Path(folder).glob("*.state")
        stage.facts["prefix_file_mb"] = round(file.stat().st_size / 1e6, 2)
        for counts in effort.rounds(stage, took.name):
            model.unlearn()
            began = time.perf_counter()
            model.prepare(static, Path(folder))
            restored = time.perf_counter()
            said = model.speak(question, 1)
            if counts:
                took.add((restored - began) * 1000)
                first.add((restored - began + said.first_token_s) * 1000)
    stage.values["prefix_restore_ms"] = round(took.p50, 2)


def measure_grammar(stage: Stage, model: TimedModel, prefix: Message, effort: Effort) -> None:
    """What it costs to bind the words to a JSON schema: the model runs free in both, in turns."""
    plain = stage.begin("llm_plain_tok_s", "tokens a second of free text", effort.repeats)
    bound = stage.begin("llm_bound_tok_s", "the same bound to a JSON schema, tokens that were chosen", effort.repeats)
    whole = stage.begin("llm_bound_all_tok_s", "the same with the tokens that left no choice", effort.repeats)
    mask = stage.begin("llm_mask_ms", "ms to rule out tokens over the whole vocabulary", effort.repeats)
    began = time.perf_counter()
    stage.facts["vocabulary"] = len(model.masks)
    stage.facts["masks_s"] = round(time.perf_counter() - began, 2)
    for number, counts in enumerate(effort.rounds(stage, bound.name)):
        question = [prefix, Message("user", QUESTIONS[number % len(QUESTIONS)])]
        free = model.speak(question, BOUND_TOKENS)
        held = model.write(question, TEXT_SCHEMA, BOUND_TOKENS)
        masked = model.mask_s(TEXT_SCHEMA)
        single = [took for took, step in zip(held.token_s, held.steps[1:], strict=True) if step.tokens == 1]
        if counts and free.token_s and single:
            plain.add(free.tokens_a_second)
            bound.add(len(single) / sum(single))
            whole.add(sum(step.tokens for step in held.steps[1:]) / sum(held.token_s))
            mask.add(masked * 1000)
    stage.ratio("grammar_decode_over_plain", bound.name, plain.name)
    stage.ratio("grammar_all_over_plain", whole.name, plain.name)
    stage.notes.append(
        "grammar: free running; grammar_decode_over_plain counts the steps that read one chosen token; tokens without "
        "a choice are read in one batch with the next one and count in grammar_all_over_plain alone"
    )


def measure_engine(stage: Stage, model: TimedModel, prefix: Message, effort: Effort) -> None:
    """Words a second against the engine's own loop, which neither chooses nor says anything, in turns."""
    bare = stage.begin("llm_bare_tok_s", "tokens a second of llama_decode alone, random tokens", effort.repeats)
    whole = stage.begin("llm_whole_tok_s", "tokens a second of an answer", effort.repeats)
    question = [prefix, Message("user", QUESTIONS[0])]
    for counts in effort.rounds(stage, whole.name):
        alone = model.bare(question, SHORT_TOKENS)
        said = model.speak(question, SHORT_TOKENS)
        if counts and said.token_s:
            bare.add(alone)
            whole.add(said.tokens_a_second)
    stage.ratio("decode_over_bare", whole.name, bare.name)


def measure_check(stage: Stage, model: TimedModel, prefix: Message, effort: Effort) -> None:
    """What it costs to ask the model about the beginning of its answer, taking up the answer again included."""
    took = stage.begin("llm_check_ms", "ms to ask the model about its own answer", effort.repeats)
    words = texts("en", "answering")
    for counts in effort.rounds(stage, took.name):
        reply = model.stream([prefix, Message("user", QUESTIONS[0])], max_tokens=SHORT_TOKENS)
        said = "".join(piece for piece, _ in zip(reply, range(SHORT_TOKENS // 2), strict=False))
        began = time.perf_counter()
        reply.check(len(said), words["check"], words["yes"], words["no"])
        if counts:
            took.add((time.perf_counter() - began) * 1000)
        reply.cancel()
