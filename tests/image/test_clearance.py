"""What may be passed on inside an image."""

import pytest

from image.build import clearance, variants
from image.build.errors import BuildError


def test_the_small_image_may_be_passed_on():
    assert clearance.demand(variants.variant("rpi5", "lite"), [], own_use=False)


def test_what_a_full_image_carries_is_cleared():
    wanted = clearance.recommended()
    assert wanted
    assert clearance.demand(variants.variant("rpi5", "full"), wanted, own_use=False)


def test_the_accelerator_s_firmware_is_refused_by_name():
    with pytest.raises(BuildError, match="Hailo's own licence"):
        clearance.demand(variants.variant("rpi5", "lite-hailo"), [], own_use=False)


@pytest.mark.parametrize("name", ["llama3.2-1b", "piper-lessac", "piper-ryan", "piper-amy"])
def test_a_model_that_is_not_cleared_is_refused_by_name(name):
    with pytest.raises(BuildError, match=name):
        clearance.demand(variants.variant("rpi5", "full"), [name], own_use=False)


def test_for_one_s_own_use_it_is_built_and_marked():
    assert clearance.demand(variants.variant("rpi5", "full-hailo"), ["llama3.2-1b"], own_use=True) is False


def test_every_reason_is_named_at_once():
    with pytest.raises(BuildError) as caught:
        clearance.demand(variants.variant("rpi5", "full-hailo"), ["llama3.2-1b", "piper-ryan"], own_use=False)
    assert all(word in str(caught.value) for word in ("firmware", "llama3.2-1b", "piper-ryan", "--own-use"))


def test_a_model_nobody_knows_is_no_model():
    with pytest.raises(BuildError, match="has no model 'x'"):
        clearance.refusals(variants.variant("rpi5", "full"), ["x"])
