"""The catalogue's schema, the real catalogue, and what happens to a damaged one."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.artifacts.catalogue import Kind, load_catalogue, parse_catalogue
from assistant.artifacts.embedded import models_root
from assistant.artifacts.port import url_problem
from assistant.errors import ModelError

REAL = (models_root() / "catalogue.toml").read_text(encoding="utf-8")
HASH = "a" * 64


def entry(**more: str) -> str:
    """A catalogue of one model; keys replace or (value "") remove lines."""
    lines = {
        "id": '"a"', "kind": '"llm"', "title": '"A"', "licence": '"MIT"', "ram_mb": "1", "disk_mb": "1", "rank": "1",
        "evidence": '"none"', "main": '"a.gguf"',
    }  # fmt: skip
    files = {"name": '"a.gguf"', "urls": '["https://models.example/a.gguf"]', "bytes": "10", "sha256": f'"{HASH}"'}
    for key, value in more.items():
        (files if key in ("name", "urls", "bytes", "max_bytes", "sha256", "extra_file") else lines)[key] = value
    top = "".join(f"{key} = {value}\n" for key, value in lines.items() if value)
    file = "".join(f"{key} = {value}\n" for key, value in files.items() if value)
    return f"version = 1\n[[model]]\n{top}[[model.files]]\n{file}"


def test_the_real_catalogue_is_sound():
    known = load_catalogue()
    assert {Kind.STT, Kind.TTS, Kind.LLM, Kind.EMBEDDING} <= {e.kind for e in known.model}
    for model in known.model:
        assert model.licence, model.id
        assert model.evidence, model.id
        assert all(file.urls[0].startswith("https://") for file in model.files)
        assert model.disk_mb * 1e6 >= sum(f.bytes or 0 for f in model.files) * 0.95 or model.archive, model.id
    voices = known.of(Kind.TTS)
    assert all(clear.redistributable for clear in voices[:2]), "voices with clear licences come first"
    llama = known.get("llama3.2-1b")
    assert llama is not None
    assert not llama.redistributable


def test_every_voice_has_its_configuration_beside_it():
    for voice in load_catalogue().of(Kind.TTS):
        assert {file.name for file in voice.files} == {voice.main, f"{voice.main}.json"}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"colour": '"red"'}, r"model 'a': unknown key 'colour'"),
        ({"extra_file": "1"}, r"model 'a'\.files\.0: unknown key 'extra_file'"),
        ({"kind": '"video"'}, r"model 'a'\.kind: "),
        ({"ram_mb": '"much"'}, r"model 'a'\.ram_mb: "),
        ({"ram_mb": "-1"}, r"model 'a'\.ram_mb: "),
        ({"sha256": '"abc"'}, r"sha256"),
        ({"sha256": ""}, r"sha256"),
        ({"bytes": ""}, r"give either bytes or max_bytes"),
        ({"max_bytes": "10"}, r"give either bytes or max_bytes"),
        ({"urls": "[]"}, r"urls"),
        ({"urls": '["http://models.example/a"]'}, r"is not https"),
        ({"urls": '["https://me:secret@models.example/a"]'}, r"carries a password"),
        ({"urls": '["ftp://models.example/a"]'}, r"is not https"),
        ({"urls": '["https:///a"]'}, r"names no host"),
        ({"name": '"../a.gguf"'}, r"is no plain file name"),
        ({"name": '".hidden"'}, r"is no plain file name"),
        ({"name": '"/etc/passwd"'}, r"is no plain file name"),
        ({"id": '"../../etc"'}, r"is no id"),
        ({"id": '".downloads"'}, r"is no id"),
        ({"id": '"A B"'}, r"is no id"),
        ({"main": '"b.gguf"'}, r"main 'b.gguf' is none of its files"),
        ({"archive": '{format = "zip", root = "a", max_bytes = 10}'}, r"leave main out"),
        ({"archive": '{format = "rar", root = "a", max_bytes = 10}', "main": ""}, r"archive\.format"),
    ],
)
def test_one_line_names_the_model_and_the_key(change, line):
    with pytest.raises(ModelError, match=rf"^catalogue\.toml: .*{line}") as caught:
        parse_catalogue(entry(**change))
    assert "\n" not in str(caught.value)


def test_ids_and_names_are_unique():
    with pytest.raises(ModelError, match="the id 'a' is there twice"):
        parse_catalogue(entry() + entry().removeprefix("version = 1\n"))
    with pytest.raises(ModelError, match="two files have the same name"):
        parse_catalogue(entry() + entry()[entry().index("[[model.files]]") :])


def test_a_sound_entry():
    assert parse_catalogue(entry()).model[0].download_bytes == 10
    assert parse_catalogue(entry(bytes="", max_bytes="20")).model[0].download_bytes == 20


@pytest.mark.parametrize(
    "text", ["", "version = 2\nmodel = []", "model = []", "version = 1", "x =", "version = 1\nmodel = 3"]
)
def test_what_is_no_catalogue(text):
    with pytest.raises(ModelError, match=r"^catalogue\.toml: "):
        parse_catalogue(text)


def test_a_missing_file(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        load_catalogue(tmp_path / "none.toml")


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "c.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="is not a text file"):
        load_catalogue(tmp_path / "c.toml")


@given(st.text(max_size=300))
def test_any_text_is_a_catalogue_or_one_line(text):
    _parse(text)


@given(st.data())
def test_a_damaged_real_catalogue_is_a_catalogue_or_one_line(data):
    """Cut, doubled and changed stretches of the real file."""
    text = REAL
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 200)))
        text = (
            text[:start]
            + data.draw(st.sampled_from(["", text[start:end] * 2, '"', "\n", "= 1", "[[model]]"]))
            + text[end:]
        )
    _parse(text)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.sampled_from(["id", "kind", "files", "archive", "main", "ram_mb", "languages", "recommended_for", "rank"]),
    json_like,
)
def test_any_value_of_any_key_is_refused_in_one_line_or_taken(key, value):
    values = tomllib.loads(entry())
    values["model"][0][key] = value
    text = _toml(values)
    if text is not None:
        _parse(text)


def _toml(values: dict[str, list[dict[str, object]]]) -> str | None:
    """`values` with JSON's syntax where TOML shares it; None where TOML has no such value."""
    try:
        model = values["model"][0]
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in model.items() if key != "files")
        files = json.dumps(model["files"])
        text = f"version = 1\n[[model]]\n{lines}files = {files}\n".replace('": ', '" = ')
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return None
    return text


def _parse(text: str) -> None:
    try:
        parse_catalogue(text)
    except ModelError as error:
        line = str(error)
    else:
        return
    assert "\n" not in line
    assert line.startswith("catalogue.toml: ")


@given(st.text(max_size=60))
def test_any_address_is_judged(text):
    for url in (text, f"https://{text}", f"http://{text}"):
        assert url_problem(url) is None or isinstance(url_problem(url), str)


@pytest.mark.parametrize(
    "url", ["https://a.example/x", "http://127.0.0.1:80/x", "http://localhost/x", "http://[::1]:8/x"]
)
def test_allowed_addresses(url):
    assert url_problem(url) is None


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1.example/x", "http://10.0.0.1/x", "HTTP://a.example", "//a.example/x", "x"]
)
def test_refused_addresses(url):
    assert url_problem(url)
