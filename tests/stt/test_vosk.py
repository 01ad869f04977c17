import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.errors import AssistantError
from assistant.stt.vosk import VoskRecognizer, VoskStream

PHRASES = ("what time is it", "turn on the kitchen light", "set a timer for ten minutes", "stop", "cancel the timer")


@pytest.fixture(scope="module")
def recognizer(hearing: Path, tmp_path_factory: pytest.TempPathFactory) -> VoskRecognizer:
    return VoskRecognizer(hearing, grammar=PHRASES, cache=tmp_path_factory.mktemp("cache") / "known.json")


@pytest.fixture(autouse=True)
def _usual_phrases(recognizer: VoskRecognizer) -> None:
    recognizer.set_phrases(PHRASES)


def listen(stream: VoskStream, sound: Samples) -> list[str]:
    partials = [""]
    for start in range(0, len(sound), FRAME_SAMPLES):
        partial = stream.feed(sound[start : start + FRAME_SAMPLES])
        if partial != partials[-1]:
            partials.append(partial)
    return partials


@pytest.mark.parametrize("phrase", PHRASES)
def test_it_hears_a_phrase(recognizer: VoskRecognizer, say: Callable[[str], Samples], phrase: str) -> None:
    stream = recognizer.start()
    partials = listen(stream, say(phrase))
    result = stream.finish()
    assert result.chosen.text == phrase
    assert partials[-1] == phrase
    assert result.chosen.confidence > 0.5
    assert {result.chosen.source, *(other.source for other in result.others)} == {"grammar", "open"}
    assert result.reason


def test_words_have_times_in_order(recognizer: VoskRecognizer, say: Callable[[str], Samples]) -> None:
    stream = recognizer.start()
    sound = say("set a timer for ten minutes")
    listen(stream, sound)
    words = stream.finish().chosen.words
    assert [word.text for word in words] == ["set", "a", "timer", "for", "ten", "minutes"]
    times = [time for word in words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert 0.2 < times[0] < times[-1] < len(sound) / 16_000
    assert all(0 <= word.confidence <= 1 for word in words)


def test_the_size_of_the_pieces_does_not_matter(recognizer: VoskRecognizer, say: Callable[[str], Samples]) -> None:
    sound = say("cancel the timer")
    texts = set()
    for size in (1000, 16_000, len(sound)):
        stream = recognizer.start()
        for start in range(0, len(sound), size):
            stream.feed(sound[start : start + size])
        texts.add(stream.finish().chosen.text)
    assert texts == {"cancel the timer"}


def test_two_requests_with_a_pause_are_joined(recognizer: VoskRecognizer, say: Callable[[str], Samples]) -> None:
    stream = recognizer.start()
    partials = listen(stream, np.concatenate([say("stop"), say("what time is it")]))
    assert stream.finish().chosen.text == "stop what time is it"
    assert partials[-1] == "stop what time is it"


def test_silence_gives_no_words(recognizer: VoskRecognizer) -> None:
    stream = recognizer.start()
    assert stream.feed(np.zeros(16_000, np.int16)) == ""
    result = stream.finish()
    assert (result.chosen.text, result.chosen.confidence) == ("", 0.0)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, np.int16),
        np.zeros(1, np.int16),
        np.full(8000, 32767, np.int16),
        np.tile(np.array([32767, -32768], np.int16), 8000),
        np.random.default_rng(1).integers(-32768, 32767, 16_000).astype(np.int16),
    ],
    ids=["none", "one sample", "direct current", "clipping", "noise"],
)
def test_odd_sound_is_survived(recognizer: VoskRecognizer, sound: Samples) -> None:
    stream = recognizer.start()
    stream.feed(sound)
    assert isinstance(stream.finish().chosen.text, str)


def test_a_spent_stream_says_so(recognizer: VoskRecognizer) -> None:
    stream = recognizer.start()
    stream.finish()
    with pytest.raises(AssistantError, match="has ended"):
        stream.feed(np.zeros(320, np.int16))
    with pytest.raises(AssistantError, match="has ended"):
        stream.finish()


def test_without_phrases_one_recogniser_listens(recognizer: VoskRecognizer, say: Callable[[str], Samples]) -> None:
    recognizer.set_phrases(())
    stream = recognizer.start()
    listen(stream, say("what time is it"))
    result = stream.finish()
    assert (result.chosen.source, result.others) == ("open", ())
    assert result.chosen.text == "what time is it"


def test_new_phrases_count_from_the_next_utterance(recognizer: VoskRecognizer, say: Callable[[str], Samples]) -> None:
    before = recognizer.start()
    recognizer.set_phrases(["turn on the kitchen light"])
    after = recognizer.start()
    sound = say("turn on the kitchen light")
    for stream in (before, after):
        listen(stream, sound)
        assert stream.finish().chosen.text == "turn on the kitchen light"


def test_phrases_with_unknown_words_are_left_out_and_named(recognizer: VoskRecognizer) -> None:
    recognizer.set_phrases(["stop", "turn on the Qwyjibo", "turn on the zzyzx light"])
    assert recognizer.missing_words == ("qwyjibo", "zzyzx")
    assert recognizer.knows("Kitchen")
    assert not recognizer.knows("qwyjibo")


@pytest.mark.parametrize(
    "phrase", ['"', "\\", "][", "a\0b", "\ud83d\ude00", "[unk]", "<eps>", "#0", " ", "\u00e9t\u00e9", "x" * 5000]
)
def test_no_phrase_breaks_it(recognizer: VoskRecognizer, phrase: str) -> None:
    recognizer.set_phrases(["stop", phrase])
    stream = recognizer.start()
    stream.feed(np.zeros(3200, np.int16))
    assert stream.finish().chosen.text == ""


def test_utterances_on_several_threads(recognizer: VoskRecognizer, say: Callable[[str], Samples]) -> None:
    sounds = {phrase: say(phrase) for phrase in PHRASES[:3]}
    heard: dict[str, str] = {}

    def one(phrase: str) -> None:
        stream = recognizer.start()
        listen(stream, sounds[phrase])
        heard[phrase] = stream.finish().chosen.text

    threads = [threading.Thread(target=one, args=(phrase,)) for phrase in sounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {phrase: phrase for phrase in sounds}


def test_no_http_client_comes_with_it(hearing: Path) -> None:
    # the core must not hold one; importing the vosk package itself would bring "requests"
    code = (
        "import sys; from assistant.stt.libvosk import NativeModel; NativeModel(sys.argv[1]).recognizer();"
        "print(sorted({'requests', 'urllib3', 'http.client', 'vosk'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code, str(hearing)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_what_begins_in_the_part_to_skip_is_left_out(hearing: Path, say: Callable[[str], Samples]) -> None:
    recognizer = VoskRecognizer(hearing)
    call, request = say("okay nabu"), say("what time is it")
    stream = recognizer.start(skip_s=len(call) / SAMPLE_RATE)
    partials = listen(stream, np.concatenate((call, request)))
    assert stream.finish().chosen.text == "what time is it"
    # the words that come and go while somebody speaks hold nothing of it either
    assert partials[-1] == "what time is it"
    assert not any("okay" in partial or "nabu" in partial for partial in partials)
