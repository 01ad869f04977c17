"""The worked example of docs/skills.md, run as it stands there."""

import re
import shutil
import types
from pathlib import Path

import pytest
from hassil import recognize_best

from assistant.nlu import Class, Intent
from assistant.nlu.catalogue import SENTENCES, load
from tests.skills.device import Device

DOCS = (Path(__file__).parents[2] / "docs" / "skills.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCS, flags=re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def device() -> Device:
    device = Device()
    module = types.ModuleType("tea")
    exec(compile(block("python"), "docs/skills.md", "exec"), module.__dict__)  # the documentation is the code
    device.skills.add(module.Tea(device.skills.kit))
    return device


def test_the_new_skill_serves_its_intent(device: Device):
    assert device.text("TeaTime", item="Green") == "Green tea takes 2 minutes."
    assert device.store.get("last_tea") == "green"
    assert device.say("TeaTime", item="motor").outcome == "refused"
    device.say("TeaTime", item="black")
    assert device.text("Undo") == "Forgotten."
    assert device.store.get("last_tea") == "green"


def test_two_skills_cannot_serve_the_same_intent(device: Device):
    class Again:
        intents = frozenset({"TeaTime"})

        def handle(self, intent: Intent, context: object):
            raise AssertionError

    with pytest.raises(ValueError, match="TeaTime is served by Tea already"):
        device.skills.add(Again())


def test_its_sentences_are_understood(tmp_path: Path):
    folder = tmp_path / "en"
    shutil.copytree(SENTENCES / "en", folder)
    (folder / "tea.yaml").write_text(block("yaml"))
    catalogue = load("en", folder)
    assert catalogue.kinds["TeaTime"] is Class.SUMS
    found = recognize_best("how long does green tea have to steep", catalogue.own)
    assert found is not None
    assert found.intent.name == "TeaTime"
    assert found.entities["item"].value.strip() == "green"


def test_every_intent_that_has_sentences_is_served():
    served = Device().skills.intents
    missing = set(load("en").own.intents) - served
    assert not missing


def test_the_table_names_what_is_served():
    served = Device().skills.intents
    named = set(re.findall(r"\b[A-Z][a-zA-Z]+\b(?!…)", DOCS.split("| file |")[1].split("\n\n")[0]))
    shortened = ("HassClimate", "HassVacuum", "HassLawnMower", "Music", "HassMedia", "HassSetVolume")
    for intent in served:
        assert intent in named or intent.startswith(shortened), f"docs/skills.md does not name {intent}"
