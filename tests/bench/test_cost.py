"""The arithmetic of devices against a cloud: published examples, properties, and the door for bad input."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.bench import cost_presets
from assistant.bench.cost import compute, devices_needed
from assistant.bench.cost_inputs import Inputs, Layers, as_toml, known_keys, read_toml
from assistant.bench.cost_sensitivity import FACTORS, table, tipping_points, varied
from assistant.errors import UsageError


def inputs_of(*layers: dict[str, Any]) -> Inputs:
    laid = Layers()
    for number, layer in enumerate(layers):
        laid.add(layer, f"layer {number}")
    return laid.inputs()


def preset(name: str, **changes: Any) -> Inputs:
    return inputs_of(cost_presets.values(name), changes)


def cents(value: float | None) -> str:
    assert value is not None
    return f"{value:.2f}"


# -- the published examples


def test_a_kit_at_200_thousand_a_year_costs_what_was_published() -> None:
    costs = compute(preset("kit-200k"))
    assert costs.edge.per_request == pytest.approx(0.00075, abs=1e-12)
    assert costs.cloud.per_request == pytest.approx(0.002, abs=1e-12)
    # by hand: $300 / 3 + $50 a year against $0.002 each; $300 / ($33.33 - $4.17) a month
    assert costs.break_even.requests_per_month == pytest.approx(150 / 0.002 / 12)
    assert costs.break_even.month == pytest.approx(300 / (400 / 12 - 50 / 12))


def test_a_kit_at_100_thousand_a_month_costs_what_was_published() -> None:
    costs = compute(preset("hat-100k"))
    parts = costs.edge.parts
    assert [cents(parts[kind]) for kind in ("hardware", "power", "upkeep")] == ["6.39", "0.54", "2.00"]
    assert cents(costs.edge.per_month) == "8.93"
    assert cents(costs.cloud.per_month) == "60.00"


def test_a_month_of_730_hours_would_miss_the_published_power_by_a_cent() -> None:
    assert cents(compute(preset("hat-100k", load={"hours_per_month": 730.0})).edge.parts["power"]) == "0.55"


def test_a_kit_at_2_million_a_month_costs_what_was_published() -> None:
    costs = compute(preset("pi-2m"))
    assert costs.edge.per_month * 1e6 / 2_160_000 == pytest.approx(200 / 36 / 2.16 + 0.432 / 2.16 + 50 / 12 / 2.16)
    assert f"{costs.edge.as_json()['per_million']:.1f}" == "4.7"
    assert costs.edge.devices == 1  # 50 a minute is just what one serves


def test_a_fleet_of_50_costs_what_was_published_in_its_first_year_only() -> None:
    low, high = preset("fleet-50"), preset("fleet-50", cloud={"gpu_hours_per_month": 300.0})
    assert cents(compute(low).edge.first_year) == "12000.00"
    assert cents(12 * compute(low).edge.per_month) == "5333.33"
    assert cents(12 * compute(low).cloud.per_month) == "30000.00"
    assert cents(12 * compute(high).cloud.per_month) == "42000.00"
    assert compute(low).break_even.month == pytest.approx(10_000 / (2500 - 2000 / 12))


@pytest.mark.parametrize("name", cost_presets.names())
def test_every_published_figure_is_met_as_printed(name: str) -> None:
    figures = cost_presets.figures(name)
    assert figures
    assert [figure.what for figure in figures if figure.agrees is False] == []
    assert [figure.what for figure in figures if figure.published is None and not figure.note] == []


# -- properties

some = settings(max_examples=40)

amounts = st.floats(0, 1e5, allow_nan=False).map(lambda value: round(value, 4))
positive = st.floats(0.01, 1e5, allow_nan=False).map(lambda value: round(value, 4))


@st.composite
def problems(draw: st.DrawFn) -> Inputs:
    """Any calculation that has a load, billed in any way, with and without a limit on what a device serves."""
    billing = draw(
        st.sampled_from(
            [
                {"price_per_request": draw(amounts)},
                {"price_per_million_tokens": draw(amounts), "tokens_per_request": draw(positive)},
                {"price_per_gpu_hour": draw(amounts), "requests_per_gpu_hour": draw(positive)},
                {"price_per_gpu_hour": draw(amounts), "gpu_hours_per_month": draw(positive)},
            ]
        )
    )
    edge: dict[str, Any] = {
        "price": draw(amounts),
        "count": draw(st.integers(1, 50)),
        "life_months": draw(st.floats(1, 120)),
        "watts": draw(st.floats(0, 500)),
        "price_per_kwh": draw(st.floats(0, 2)),
        "upkeep_per_year": draw(amounts),
        "connectivity_per_month": draw(st.floats(0, 100)),
    }
    if draw(st.booleans()):
        edge["requests_per_hour"] = draw(positive)
    return inputs_of(
        {
            "load": {"requests_per_month": draw(st.floats(1, 1e7)), "peak_factor": draw(st.floats(1, 20))},
            "edge": edge,
            "cloud": {**billing, "fixed_per_month": draw(amounts), "connectivity_per_month": draw(st.floats(0, 100))},
            "hybrid": {"share": draw(st.floats(0, 1))},
        }
    )


def same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)


@given(problems())
@some
def test_no_cost_is_negative_and_all_are_finite(inputs: Inputs) -> None:
    costs = compute(inputs)
    for side in (costs.edge, costs.cloud, costs.hybrid):
        assert all(amount >= 0 and math.isfinite(amount) for amount in [side.capex, *side.parts.values()])
    for value in costs.break_even.as_json().values():
        assert value is None or (value >= 0 and math.isfinite(value))


@given(problems(), st.floats(1, 100))
@some
def test_more_load_never_costs_less(inputs: Inputs, factor: float) -> None:
    now, more = compute(inputs), compute(inputs, factor)
    for side in ("edge", "cloud", "hybrid"):
        assert getattr(more, side).per_month >= getattr(now, side).per_month * (1 - 1e-9)


@given(problems(), st.floats(1, 10))
@some
def test_dearer_devices_never_break_even_earlier(inputs: Inputs, factor: float) -> None:
    dearer = inputs.model_copy(update={"edge": inputs.edge.model_copy(update={"price": inputs.edge.price * factor})})
    now, then = compute(inputs).break_even, compute(dearer).break_even
    for earlier, later in ((now.load_factor, then.load_factor), (now.month, then.month)):
        if later is not None:
            assert earlier is not None
            assert earlier <= later * (1 + 1e-9)


@given(problems())
@some
def test_at_the_break_even_load_both_cost_the_same(inputs: Inputs) -> None:
    factor = compute(inputs).break_even.load_factor
    if factor is None:
        return  # the next test
    at = compute(inputs, factor)
    assert at.edge.per_month <= at.cloud.per_month * (1 + 1e-6) + 1e-6
    if factor > 0:
        assert same(at.edge.per_month, at.cloud.per_month)


@given(problems(), st.floats(0, 50))
@some
def test_below_the_break_even_load_the_cloud_costs_less(inputs: Inputs, factor: float) -> None:
    even = compute(inputs).break_even.load_factor
    if even is not None:
        factor = even * factor / 51
    there = compute(inputs, factor)
    if even is None or factor > 0:
        assert there.cloud.per_month <= there.edge.per_month * (1 + 1e-9)


@given(problems(), st.floats(1, 1000))
@some
def test_from_the_load_that_is_for_good_the_devices_never_cost_more(inputs: Inputs, factor: float) -> None:
    even = compute(inputs).break_even
    if even.always_from_factor is None:
        assert even.load_factor is None or inputs.edge.requests_per_hour is not None
        return
    assert even.load_factor is not None
    assert even.load_factor <= even.always_from_factor * (1 + 1e-9) + 1e-12
    there = compute(inputs, even.always_from_factor * factor + 1e-6)
    assert there.edge.per_month <= there.cloud.per_month * (1 + 1e-6) + 1e-6


def test_a_device_that_serves_less_than_it_costs_is_cheaper_only_in_a_window() -> None:
    # one device: $10 a month for 100 requests; the cloud: $5 and $0.06 each. 100 requests cost $11, but 200 cost $17
    inputs = inputs_of(
        {
            "load": {"requests_per_month": 100.0, "hours_per_month": 1.0},
            "edge": {"price": 0.0, "connectivity_per_month": 10.0, "requests_per_hour": 100.0},
            "cloud": {"price_per_request": 0.06, "fixed_per_month": 5.0},
        }
    )
    even = compute(inputs).break_even
    assert even.requests_per_month == pytest.approx(5 / 0.06)
    assert even.always_from_requests_per_month is None
    assert compute(inputs, 2.0).cheapest == "cloud"


def test_steps_of_devices_delay_the_load_that_is_for_good() -> None:
    # $10 a device for 100 requests, $0.11 each in the cloud: even at 91, then dearer at 101 (two devices) until 182 …
    inputs = inputs_of(
        {
            "load": {"requests_per_month": 100.0, "hours_per_month": 1.0},
            "edge": {"price": 0.0, "connectivity_per_month": 10.0, "requests_per_hour": 100.0},
            "cloud": {"price_per_request": 0.11},
        }
    )
    even = compute(inputs).break_even
    assert even.requests_per_month == pytest.approx(10 / 0.11)
    # … n devices begin at (n - 1) * 100 requests: 10 n <= 11 (n - 1) holds from n = 11 on, so step 10 is the last
    assert even.always_from_requests_per_month == pytest.approx(100 / 0.11)
    assert compute(inputs, 9.05).cheapest == "cloud"
    assert compute(inputs, 10.5).cheapest == "edge"


@given(problems())
@some
def test_the_price_is_recovered_exactly_when_a_month_of_devices_costs_no_more(inputs: Inputs) -> None:
    costs = compute(inputs)
    if same(costs.edge.per_month, costs.cloud.per_month):
        return
    assert (costs.break_even.month is not None) == (costs.edge.per_month < costs.cloud.per_month)
    if costs.break_even.month:
        month, spent = costs.break_even.month, costs.edge.capex
        assert same(spent + month * costs.edge.running_per_month, month * costs.cloud.per_month)


@given(problems())
@some
def test_at_the_break_even_share_the_mixture_costs_what_the_cloud_costs(inputs: Inputs) -> None:
    share = compute(inputs).break_even.escalated_share
    if share is None:
        # then the devices alone cost more than the cloud, or nothing that could be passed on costs anything
        nothing = inputs.model_copy(update={"hybrid": inputs.hybrid.model_copy(update={"share": 0.0})})
        costs = compute(nothing)
        assert costs.cloud.parts["usage"] == 0 or costs.hybrid.per_month >= costs.cloud.per_month * (1 - 1e-9)
        return
    mixed = inputs.model_copy(update={"hybrid": inputs.hybrid.model_copy(update={"share": share})})
    costs = compute(mixed)
    assert costs.hybrid.per_month <= costs.cloud.per_month * (1 + 1e-6) + 1e-6


@given(problems())
@some
def test_devices_serve_the_busiest_hour(inputs: Inputs) -> None:
    needed = devices_needed(inputs)
    assert needed >= inputs.edge.count
    if inputs.edge.requests_per_hour is not None:
        busiest = (inputs.load.monthly or 0) * inputs.load.peak_factor / inputs.load.hours_per_month
        assert needed * inputs.edge.requests_per_hour >= busiest * (1 - 1e-6)
        assert needed == inputs.edge.count or (needed - 1) * inputs.edge.requests_per_hour <= busiest


# -- sensitivity


def test_the_table_changes_one_input_at_a_time() -> None:
    rows = {(row.key, row.factor): row for row in table(preset("kit-200k"))}
    assert rows["edge.price", 2.0].edge == pytest.approx(600 / 36 + 50 / 12)
    assert rows["edge.price", 2.0].cloud == pytest.approx(400 / 12)
    assert rows["cloud.tokens_per_request", 0.5].cloud == pytest.approx(200 / 12)
    assert {factor for _, factor in rows} == set(FACTORS)
    assert rows["load.requests_per_year", 0.5].cheaper == "edge"


@given(problems())
@settings(max_examples=20)
def test_just_beyond_a_tipping_point_the_other_is_cheaper(inputs: Inputs) -> None:
    now = compute(inputs)
    for tip in tipping_points(inputs):
        section, _, name = tip.key.partition(".")
        assert tip.stated == varied(inputs)[tip.key]
        beyond = inputs.model_copy(update={section: getattr(inputs, section).model_copy(update={name: tip.at})})
        there = compute(beyond)
        assert (there.edge.per_month <= there.cloud.per_month) == (tip.then == "edge")
        assert (now.edge.per_month <= now.cloud.per_month) != (tip.then == "edge")


def test_the_life_that_tips_is_the_month_of_break_even() -> None:
    inputs = preset("kit-200k")
    tips = {tip.key: tip for tip in tipping_points(inputs)}
    month = compute(inputs).break_even.month
    assert tips["edge.life_months"].at == pytest.approx(month)
    assert tips["load.requests_per_year"].at == pytest.approx(75_000)


# -- inputs


def test_a_later_layer_replaces_the_way_of_billing() -> None:
    inputs = preset("kit-200k", cloud={"price_per_request": 0.01}, load={"requests_per_month": 5.0})
    assert (inputs.cloud.billing, inputs.load.monthly) == ("request", 5.0)
    inputs = preset("fleet-50", cloud={"requests_per_gpu_hour": 10.0}, load={"requests_per_month": 50.0})
    assert compute(inputs).cloud.parts["usage"] == pytest.approx(50.0)


def test_output_tokens_may_be_priced_apart() -> None:
    cloud = {
        "price_per_million_tokens": 1.0,
        "tokens_per_request": 300.0,
        "price_per_million_output_tokens": 4.0,
        "output_tokens_per_request": 50.0,
    }
    inputs = inputs_of({"load": {"requests_per_month": 10.0}, "edge": {"price": 1.0}, "cloud": cloud})
    assert compute(inputs).cloud.per_request == pytest.approx((300 + 200) / 1e6)


@given(problems())
@some
def test_inputs_survive_the_way_through_a_file(tmp_path_factory: pytest.TempPathFactory, inputs: Inputs) -> None:
    path = tmp_path_factory.getbasetemp() / "inputs.toml"
    path.write_text(as_toml(inputs), encoding="utf-8")
    assert inputs_of(read_toml(path)) == inputs


@given(st.text(min_size=1, max_size=8))
@some
def test_any_currency_survives_the_way_through_a_file(tmp_path_factory: pytest.TempPathFactory, sign: str) -> None:
    path = tmp_path_factory.getbasetemp() / "currency.toml"
    path.write_text(as_toml(preset("pi-2m", currency=sign)), encoding="utf-8")
    assert inputs_of(read_toml(path)).currency == sign


ENOUGH: dict[str, Any] = {
    "load": {"requests_per_month": 1.0},
    "edge": {"price": 1.0},
    "cloud": {"price_per_request": 1.0},
}
NUMBERS = [(section, name) for section, name, info in known_keys() if info.annotation is not int]


@pytest.mark.parametrize(("section", "name"), NUMBERS)
def test_no_input_takes_what_is_no_sensible_number(section: str, name: str) -> None:
    for value in (math.nan, math.inf, -math.inf, -1.0, 1e30, "5", True):
        with pytest.raises(UsageError, match=rf"^layer 1: {section}\.{name}: ") as caught:
            inputs_of(ENOUGH, {section: {name: value}})
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ({"edge": {"life_months": 0.0}}, "edge.life_months"),
        ({"load": {"requests_per_month": 0.0}}, "load.requests_per_month"),
        ({"edge": {"count": 0}}, "edge.count"),
        ({"edge": {"count": 1.5}}, "edge.count"),
        ({"edge": {"prise": 3.0}}, "did you mean 'edge.price'"),
        ({"egde": {}}, "did you mean 'edge'"),
        ({"edge": 3}, "edge must be a table"),
        ({"currency": ""}, "currency"),
        ({"edge": {"watts": 5.0}}, "watts needs price_per_kwh"),
        ({"load": {"requests_per_month": 1.0, "requests_per_year": 1.0}}, "not both"),
        ({"cloud": {"price_per_request": 1.0, "price_per_gpu_hour": 1.0}}, "give only one of"),
        ({"cloud": {"price_per_million_tokens": 1.0}}, "tokens_per_request is missing"),
        ({"cloud": {"price_per_gpu_hour": 1.0}}, "needs gpu_hours_per_month or requests_per_gpu_hour"),
    ],
)
def test_what_is_wrong_with_the_inputs_is_said_in_one_line(layer: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        inputs_of(ENOUGH, layer)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("missing", ["load", "edge", "cloud"])
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(UsageError, match=rf"^{missing}\S* (or \S+ )?is missing"):
        inputs_of({section: given for section, given in ENOUGH.items() if section != missing})


@given(st.binary(max_size=60))
@some
def test_a_file_is_read_or_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    said = str(path)
    try:
        inputs_of(ENOUGH, read_toml(path))
    except UsageError as error:
        said = str(error)
    assert "\n" not in said
    assert str(path) in said or "layer 1" in said
