"""What can be said here: phrases, vocabulary."""

from assistant.nlu.understanding import MOST_PHRASES


def test_phrases_speak_of_this_home(understanding):
    phrases = understanding.phrases()
    assert 3_000 < len(phrases) < MOST_PHRASES, "none may be left out"
    assert len(set(phrases)) == len(phrases)
    joined = "\n".join(phrases)
    for said in (
        "robot vacuum",
        "living room",
        "pasta",
        "to do",
        "shopping",
        "half past",
        "forty five",
        "reading lamp",
    ):
        assert said in joined


def test_most_phrases_are_understood_as_they_stand(understanding):
    sample = understanding.phrases()[::97]
    understood = [phrase for phrase in sample if understanding.understand(phrase)[0].name]
    # device sentences meet devices of another kind ("lock the reading lamp"), which hassil rightly refuses
    assert len(understood) / len(sample) > 0.6


def test_the_vocabulary_holds_every_word_of_the_phrases(understanding):
    vocabulary = understanding.vocabulary()
    for phrase in understanding.phrases():
        assert vocabulary.issuperset(phrase.split()), phrase
    assert {"seventeen", "please", "nursery", "hundred"} <= vocabulary
