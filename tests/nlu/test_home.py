"""The home file: what is read, and what is refused in one line."""

import pytest

from assistant.errors import UsageError
from assistant.nlu.home import load_home


def test_the_sample_home():
    home = load_home(None)
    assert home.here == "Kitchen"
    assert home.floors == ("Ground", "Upstairs")
    found = home.named("coffee machine")
    assert found is not None
    assert (found.name, found.domain, found.area) == ("Coffee Maker", "switch", "Kitchen")
    assert home.named("roomba") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[rooms]]\nname='x'", "unknown key 'rooms'"),
        ("[[areas]]\nnam='x'", "unknown key 'areas 1.nam'"),
        ("[[entities]]\nname='x'", "entities 1.domain: must be a text"),
        ("[[entities]]\nname='x'\ndomain='light'\narea='Attic'", "no area is called 'Attic'"),
        ("[here]\narea='Attic'", "here.area: no area is called 'Attic'"),
        ("areas = 3", "areas: must be a list of tables"),
        ("[[areas]]\nname='x'\naliases='y'", "areas 1.aliases: must be a list of texts"),
        ("not toml", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, text, message):
    file = tmp_path / "home.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_home(file)
    assert message in str(caught.value)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_binary_one(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        load_home(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not a text file"):
        load_home(tmp_path / "binary.toml")
