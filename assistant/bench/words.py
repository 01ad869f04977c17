"""Understanding, tier by tier, and speaking."""

import time

from assistant.artifacts.selection import select
from assistant.bench.figures import Effort, Stage
from assistant.composition.engines import load_understanding, load_voice
from assistant.config import Settings
from assistant.dialogue.tooling import embedded_tier
from assistant.tts.piper import PiperVoice
from assistant.tts.speakable import speakable

REQUESTS = (
    "stop", "never mind", "cancel that",
    "what time is it", "set a timer for ten minutes", "turn on the kitchen lights", "what is twelve times seven",
    "add milk to my shopping list", "set an alarm for half past six", "what's the date today",
    "turn off the bedroom light and set a timer for five minutes", "how many grams are in an ounce",
    "could you maybe make it a bit brighter in the kitchen", "wake me up tomorrow when it is half past six or so",
    "i need to remember to buy some milk", "is there any time remaining on that timer of mine",
    "who wrote hamlet", "why is the sky blue", "tell me about the history of the roman empire",
    "how long does it take to boil an egg at high altitude",
)  # fmt: skip
"""Written for this measurement: short and long, exact, loosely worded, and beyond what is understood."""

TEXTS = {
    "short": "Okay.",
    "sentence": "Your timer for the pasta has two minutes left.",
    "long": "It is a quarter to eight in the evening, twelve degrees outside, and there are two timers running. "
    "The one for the pasta ends in four minutes, and the one for the bread in half an hour.",
}


def measure_understanding(stage: Stage, settings: Settings, effort: Effort) -> None:
    """From words to intents: µs a request, grouped by the tier that answered."""
    began = time.perf_counter()
    understanding = load_understanding(settings)
    stage.facts["load_s"] = round(time.perf_counter() - began, 2)
    stage.engine, stage.model = "assistant.nlu", settings.language
    tiers: dict[str, int] = {}
    groups: dict[str, list[str]] = {}
    for request in REQUESTS:
        tier = understanding.understand(request)[0].tier
        groups.setdefault(tier, []).append(request)
    for tier, requests in sorted(groups.items()):
        tiers[tier] = len(requests)
        series = stage.begin(f"understand_{tier}_us", "µs a request", effort.repeats)
        cpu = stage.begin(f"understand_{tier}_cpu_us", "µs of processor time a request", effort.repeats)
        for number, counts in enumerate(effort.rounds(stage, series.name)):
            request = requests[number % len(requests)]
            began, busy = time.perf_counter(), time.process_time()
            understanding.understand(request)
            if counts:
                cpu.add((time.process_time() - busy) * 1e6)
                series.add((time.perf_counter() - began) * 1e6)
    series = stage.begin("complete_us", "µs to judge whether a partial sentence is whole", effort.repeats)
    partials = [" ".join(request.split()[: 1 + n]) for request in REQUESTS for n in range(len(request.split()))]
    for number, counts in enumerate(effort.rounds(stage, series.name)):
        began = time.perf_counter()
        understanding.ending(partials[number % len(partials)])
        if counts:
            series.add((time.perf_counter() - began) * 1e6)
    stage.facts["requests_by_tier"] = tiers


def measure_calls(stage: Stage, settings: Settings, effort: Effort) -> None:
    """The intent model alone: from words to a tool call, of every request above."""
    began = time.perf_counter()
    tier = embedded_tier(settings)
    stage.facts["load_s"] = round(time.perf_counter() - began, 2)
    stage.engine, stage.model = "llama.cpp", tier.name
    series = stage.begin("tool_call_ms", "ms a tool call", effort.repeats)
    cpu = stage.begin("tool_call_cpu_ms", "ms of processor time a tool call", effort.repeats)
    for number, counts in enumerate(effort.rounds(stage, series.name)):
        began, busy = time.perf_counter(), time.process_time()
        tier.called(REQUESTS[number % len(REQUESTS)])
        if counts:
            cpu.add((time.process_time() - busy) * 1000)
            series.add((time.perf_counter() - began) * 1000)
    tier.close()


def measure_voice(stage: Stage, settings: Settings, effort: Effort) -> None:
    """From a text to sound, nothing remembered: first audio and real-time factor."""
    choice = select(settings).tts
    stage.engine, stage.model = choice.engine, choice.title
    load = stage.begin("tts_load_ms", "ms to load the voice", min(effort.repeats, 10))
    effort.times(
        stage, load, lambda: PiperVoice(choice.require(), rate=settings.speaking.rate), time.perf_counter,
        scale=1000, warmup=1,
    )  # fmt: skip
    voice = PiperVoice(choice.require(), rate=settings.speaking.rate)
    for name, text in TEXTS.items():
        words = speakable(text, settings.language)
        first = stage.begin(f"tts_first_audio_{name}_ms", "ms from text to the first sound", effort.repeats)
        factor = stage.begin(f"tts_rtf_{name}", "s by the clock a second of speech", effort.repeats)
        cpu = stage.begin(f"tts_cpu_rtf_{name}", "s of processor time a second of speech", effort.repeats)
        length = 0.0
        for counts in effort.rounds(stage, first.name):
            began, busy, length, sounded = time.perf_counter(), time.process_time(), 0.0, 0.0
            for chunk in voice.synthesize(words):
                sounded = sounded or time.perf_counter() - began
                length += len(chunk.samples) / chunk.sample_rate
            if counts and length:
                first.add(sounded * 1000)
                factor.add((time.perf_counter() - began) / length)
                cpu.add((time.process_time() - busy) / length)
        stage.facts[f"speech_{name}_s"] = round(length, 2)
    cached = load_voice(settings)
    list(cached.synthesize(TEXTS["short"]))
    again = stage.begin("tts_remembered_us", "µs to the first sound of a phrase that was spoken before", effort.repeats)
    effort.times(stage, again, lambda: next(cached.synthesize(TEXTS["short"])), time.perf_counter, scale=1e6)
