"""What a device costs against a cloud service, and from which load on. Pure calculation; docs/cost.md has the formulas.

Every amount is money in the inputs' currency; "a month" is a twelfth of a year.
"""

import math
from dataclasses import dataclass
from typing import Any

from assistant.bench.cost_inputs import Inputs, tidy

_DUST = 1e-9
"""Rounding of floats must not buy a second device for a load that fits one exactly."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one way of doing it costs."""

    devices: int
    capex: float
    """Paid once for all devices, and again after each life."""
    parts: dict[str, float]
    """Money a month by kind; `hardware` is the capex spread over the life."""
    requests: float | None
    """Requests a month, None when unknown."""

    @property
    def per_month(self) -> float:
        return sum(self.parts.values())

    @property
    def running_per_month(self) -> float:
        """Without the hardware."""
        return sum(amount for kind, amount in self.parts.items() if kind != "hardware")

    @property
    def first_year(self) -> float:
        """Cash of the first twelve months: all hardware at once, then what runs."""
        return self.capex + 12 * self.running_per_month

    @property
    def per_request(self) -> float | None:
        return self.per_month / self.requests if self.requests else None

    def as_json(self) -> dict[str, Any]:
        each = self.per_request
        return {
            "per_request": None if each is None else tidy(each),
            "per_million": None if each is None else tidy(each * 1e6),
            "per_month": tidy(self.per_month),
            "per_year": tidy(12 * self.per_month),
            "first_year": tidy(self.first_year),
            "capex": tidy(self.capex),
            "devices": self.devices,
            "parts_per_month": {kind: tidy(amount) for kind, amount in self.parts.items()},
        }


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Where device and cloud cost the same. None: never."""

    load_factor: float | None
    """The least load, as a multiple of the stated one, from which the device costs no more."""
    always_from_factor: float | None
    """From this multiple on that stays so, although more load needs more devices."""
    requests_per_month: float | None
    always_from_requests_per_month: float | None
    gpu_hours_per_month: float | None
    """The same point in GPU hours, where the cloud is billed by them."""
    month: float | None
    """Months until the price of the devices is recovered at the stated load, if that happens within their life."""
    escalated_share: float | None
    """Up to this share passed on to the cloud, device and cloud together cost no more than the cloud alone."""
    cloud_per_request: float | None
    """At this price of the cloud, all in, for a request both would cost the same."""

    def as_json(self) -> dict[str, float | None]:
        requests, month = self.requests_per_month, self.month
        found = {
            "requests_per_month": requests,
            "requests_per_year": None if requests is None else 12 * requests,
            "always_from_requests_per_month": self.always_from_requests_per_month,
            "gpu_hours_per_month": self.gpu_hours_per_month,
            "load_factor": self.load_factor,
            "month": month,
            "escalated_share": self.escalated_share,
            "cloud_per_request": self.cloud_per_request,
        }
        return {name: None if value is None else tidy(value) for name, value in found.items()}


@dataclass(frozen=True, slots=True)
class Costs:
    """The result."""

    edge: Side
    cloud: Side
    hybrid: Side
    share: float
    """Share of requests that the hybrid passes on."""
    break_even: BreakEven

    @property
    def cheapest(self) -> str:
        """ "edge", "hybrid" or "cloud"; equal ones in this order."""
        sides = {"edge": self.edge, "hybrid": self.hybrid, "cloud": self.cloud}
        least = min(side.per_month for side in sides.values())
        return next(name for name, side in sides.items() if side.per_month <= least * (1 + _DUST))

    def as_json(self) -> dict[str, Any]:
        return {
            "edge": self.edge.as_json(),
            "cloud": self.cloud.as_json(),
            "hybrid": {"share_escalated": self.share, **self.hybrid.as_json()},
            "break_even": self.break_even.as_json(),
            "cheapest": self.cheapest,
        }


def usage_per_month(inputs: Inputs) -> float:
    """What the cloud bills a month for the stated load, without fixed costs."""
    cloud, requests = inputs.cloud, inputs.load.monthly
    if cloud.billing == "gpu_hours":
        return (gpu_hours(inputs) or 0.0) * (cloud.price_per_gpu_hour or 0.0)
    assert requests is not None  # Inputs refuses a load that is missing here
    if cloud.billing == "request":
        return requests * (cloud.price_per_request or 0.0)
    tokens = (cloud.tokens_per_request or 0.0) * (cloud.price_per_million_tokens or 0.0)
    tokens += (cloud.output_tokens_per_request or 0.0) * (cloud.price_per_million_output_tokens or 0.0)
    return requests * tokens / 1e6


def gpu_hours(inputs: Inputs) -> float | None:
    """GPU hours a month for the stated load; None when they are not what is billed."""
    cloud = inputs.cloud
    if cloud.billing != "gpu_hours":
        return None
    if cloud.gpu_hours_per_month is not None:
        return cloud.gpu_hours_per_month
    return (inputs.load.monthly or 0.0) / (cloud.requests_per_gpu_hour or 1.0)


def load_in_devices(inputs: Inputs) -> float:
    """How many devices the busiest hour keeps busy, as a fraction; 0 when a device has no stated limit."""
    capacity, requests = inputs.edge.requests_per_hour, inputs.load.monthly
    if capacity is None or requests is None:
        return 0.0
    return requests * inputs.load.peak_factor / inputs.load.hours_per_month / capacity


def devices_needed(inputs: Inputs, factor: float = 1.0) -> int:
    """Devices for `factor` times the stated load, at least the stated count."""
    return max(inputs.edge.count, math.ceil(load_in_devices(inputs) * factor * (1 - _DUST)))


def device_parts(inputs: Inputs) -> dict[str, float]:
    """Money a month for one device, by kind."""
    edge = inputs.edge
    return {
        "hardware": edge.price / edge.life_months,
        "power": edge.watts / 1000 * inputs.load.hours_per_month * (edge.price_per_kwh or 0.0),
        "upkeep": (edge.upkeep_per_year + edge.upkeep_share_per_year * edge.price) / 12,
        "connectivity": edge.connectivity_per_month,
    }


def compute(inputs: Inputs, factor: float = 1.0) -> Costs:
    """Everything, for `factor` times the stated load (the break-even is of the stated load's own terms)."""
    edge, cloud = edge_side(inputs, factor), cloud_side(inputs, factor)
    hybrid = hybrid_side(inputs, factor)
    return Costs(edge, cloud, hybrid, inputs.hybrid.share, _break_even(inputs, edge, cloud))


def edge_side(inputs: Inputs, factor: float = 1.0) -> Side:
    """All on devices."""
    devices = devices_needed(inputs, factor)
    parts = {kind: amount * devices for kind, amount in device_parts(inputs).items()}
    return Side(devices, inputs.edge.price * devices, parts, _requests(inputs, factor))


def cloud_side(inputs: Inputs, factor: float = 1.0) -> Side:
    """All in the cloud."""
    cloud = inputs.cloud
    parts = {
        "usage": usage_per_month(inputs) * factor,
        "fixed": cloud.fixed_per_month + cloud.fixed_per_year / 12,
        "connectivity": cloud.connectivity_per_month,
    }
    return Side(0, 0.0, parts, _requests(inputs, factor))


def hybrid_side(inputs: Inputs, factor: float = 1.0) -> Side:
    """Devices for what they answer themselves, the cloud for the share that is passed on; one line serves both."""
    share = inputs.hybrid.share
    devices = devices_needed(inputs, factor * (1 - share))
    outside = cloud_side(inputs, factor).parts
    parts = {kind: amount * devices for kind, amount in device_parts(inputs).items()}
    parts["connectivity"] = max(parts["connectivity"], outside["connectivity"])
    parts["usage"], parts["fixed"] = outside["usage"] * share, outside["fixed"]
    return Side(devices, inputs.edge.price * devices, parts, _requests(inputs, factor))


def _requests(inputs: Inputs, factor: float) -> float | None:
    return None if inputs.load.monthly is None else inputs.load.monthly * factor


def _break_even(inputs: Inputs, edge: Side, cloud: Side) -> BreakEven:
    requests, hours = inputs.load.monthly, gpu_hours(inputs)
    first, always = _crossings(inputs)
    saving = cloud.per_month - edge.running_per_month
    month = edge.capex / saving if saving > 0 else (0.0 if saving == 0 and edge.capex == 0 else None)
    if month is not None and month > inputs.edge.life_months * (1 + _DUST):
        month = None
    usage, both = cloud.parts["usage"], max(edge.parts["connectivity"], cloud.parts["connectivity"])
    device_alone = edge.per_month - edge.parts["connectivity"]
    spare = cloud.per_month - device_alone - both - cloud.parts["fixed"]
    share = min(1.0, spare / usage) if usage > 0 and spare >= 0 else None
    return BreakEven(
        load_factor=first,
        always_from_factor=always,
        requests_per_month=_times(first, requests),
        always_from_requests_per_month=_times(always, requests),
        gpu_hours_per_month=_times(first, hours),
        month=month,
        escalated_share=share,
        cloud_per_request=edge.per_request,
    )


def _times(factor: float | None, amount: float | None) -> float | None:
    return None if factor is None or amount is None else factor * amount


def _crossings(inputs: Inputs) -> tuple[float | None, float | None]:
    """The least load factor at which the devices cost no more than the cloud, and the one from which that is for good.

    The cloud's cost is a line over the load, the devices' a staircase: n devices serve up to n / `busy` of the load.
    If the first step never meets the line, no later one does, because each device adds more than its load saves.
    """
    one, count = sum(device_parts(inputs).values()), inputs.edge.count
    slope, busy = usage_per_month(inputs), load_in_devices(inputs)
    at_zero = cloud_side(inputs, 0.0).per_month
    if slope == 0:
        if count * one > at_zero:
            return None, None
        return 0.0, (0.0 if busy == 0 or one == 0 else None)
    first = max(0.0, (count * one - at_zero) / slope)
    if busy == 0:
        return first, first
    if first > count / busy * (1 + _DUST):
        return None, None
    return first, _for_good(inputs, first, slope / busy)


def _for_good(inputs: Inputs, first: float, per_device: float) -> float | None:
    """The load factor from which the staircase stays under the line; None when the line is under it in the end.

    `per_device` is what the cloud bills for as much load as one device serves.
    """
    one, count = sum(device_parts(inputs).values()), inputs.edge.count
    slope, at_zero = usage_per_month(inputs), cloud_side(inputs, 0.0).per_month
    if per_device == one:
        return first if at_zero >= one else None
    if per_device < one:
        return None
    # device n is needed from the load that n - 1 serve; from this n on the cloud costs more even there
    clear = max(count + 1, math.ceil((per_device - at_zero) / (per_device - one) - _DUST))
    last = clear - 1
    begins = (last - 1) * per_device / slope if last > count else 0.0
    return max(begins, (last * one - at_zero) / slope, 0.0)
