"""Layers and variants: read, resolved, and refused when something is wrong."""

from pathlib import Path

import pytest

from image.build import lint, variants
from image.build.errors import BuildError
from image.build.layers import Layer, all_layers, read_layer, resolve

HEADER = """# METABEGIN
# X-Env-Layer-Name: one
# X-Env-Layer-Category: app
# X-Env-Layer-Desc: For a test.
# X-Env-Layer-Version: 1.0.0
# METAEND
---
"""


def write(tmp_path: Path, text: str, name: str = "one") -> Path:
    path = tmp_path / f"{name}.yaml"
    path.write_text(text)
    return path


def test_the_project_s_layers_and_variants_have_no_problem():
    assert lint.problems() == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("mmdebstrap:\n", "has no header"),
        (HEADER.replace("# X-Env-Layer-Version: 1.0.0\n", ""), "lacks X-Env-Layer-Version"),
        (HEADER.replace("Name: one", "Name: two"), "is called 'two' inside"),
        (HEADER.replace("# METAEND", "# X-Env-Layer-Name: one\n# METAEND"), "twice"),
        (HEADER.replace("# METAEND", "nonsense\n# METAEND"), "cannot read"),
        (HEADER + "mmdebstrap: [", "is no YAML"),
        (HEADER + "other: 1\n", "only 'mmdebstrap' and 'env'"),
        (HEADER + "mmdebstrap:\n  package: [a]\n", "unknown key 'package'"),
        (HEADER + "mmdebstrap:\n  packages: a\n", "must be a list"),
        (HEADER + "mmdebstrap:\n  customize-hooks: [{a: b}]\n", "must be a list"),
    ],
)
def test_a_layer_with_a_mistake_is_refused_in_one_line(tmp_path, text, word):
    with pytest.raises(BuildError, match=word) as caught:
        read_layer(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_required_layers_come_first_and_once(tmp_path):
    def layer(name: str, requires: str) -> Layer:
        text = HEADER.replace("Name: one", f"Name: {name}").replace(
            "# METAEND", f"# X-Env-Layer-Requires: {requires}\n# METAEND"
        )
        return read_layer(write(tmp_path, text, name))

    known = {name: layer(name, requires) for name, requires in (("a", ""), ("b", "a,foreign"), ("c", "b,a"))}
    assert [found.name for found in resolve(["c", "a"], known)] == ["a", "b", "c"]
    known["a"] = layer("a", "c")
    with pytest.raises(BuildError, match="circle"):
        resolve(["c"], known)
    with pytest.raises(BuildError, match="no layer is called 'x'"):
        resolve(["x"], known)


@pytest.mark.parametrize(("target", "name"), variants.known())
def test_every_variant_ends_with_the_layer_that_checks(target, name):
    found = variants.variant(target, name)
    names = [layer.name for layer in found.layers]
    assert names[-1] == "assistant-strip"
    assert ("assistant-virt" in names) == (target == "qemu-arm64")
    assert ("assistant-hailo" in names) == name.endswith("-hailo")
    assert {"assistant-os", "assistant-app", "assistant-ab"} <= set(names)


def test_both_targets_share_what_is_proved():
    emulated = {layer.name for layer in variants.variant("qemu-arm64", "lite").layers}
    board = {layer.name for layer in variants.variant("rpi5", "lite").layers}
    assert emulated ^ board == {"assistant-virt", "assistant-rpi5"}


def test_a_variant_that_is_not_there_says_which_are():
    with pytest.raises(BuildError, match="--target rpi5 --variant full-hailo"):
        variants.variant("rpi5", "huge")


def test_hooks_run_in_a_shell_that_stops_at_mistakes():
    for layer in all_layers().values():
        for hooks in layer.hooks.values():
            for hook in hooks:
                assert "\n" not in hook.strip() or "set -eu" in hook, f"{layer.name}: {hook}"
