"""The proof's scenarios. Each takes a bench and plays on cards of its own."""

from collections.abc import Callable
from functools import partial

from image.emulator.cutting import cuts
from image.emulator.firmware import TRIAL
from image.emulator.machine import Machine
from image.emulator.proof import (
    Bench,
    ClaimError,
    ask,
    expect,
    grown,
    hears,
    no_login,
    no_port,
    output,
    read_only,
    settled,
    slot,
    watchdog,
)
from image.emulator.updating import updates


def fresh(bench: Bench) -> None:
    """A new card without any network: everything a person relies on, then a restart."""
    card = bench.card("fresh")
    with bench.powered(card) as machine:
        bench.claim("starts, every unit well", lambda: settled(machine))
        bench.claim("no network device but loopback", lambda: only_loopback(machine))
        bench.claim("the system is read-only", lambda: read_only(machine))
        bench.claim("nothing listens", lambda: no_port(machine))
        bench.claim("nobody can log in", lambda: no_login(machine))
        bench.claim("data grows to the card", lambda: grown(machine))
        bench.claim("the watchdog runs", lambda: watchdog(machine))
        bench.claim("the first slot runs", lambda: named(slot(machine), "a"))
        bench.claim("hears and answers", lambda: hears(machine))
        bench.claim("takes a list item", lambda: ask(machine, "add milk to the shopping list"))
        bench.claim("sets a timer", lambda: mentions(ask(machine, "set a timer for three hours"), "timer"))
        machine.begin("systemctl", "reboot")
        bench.claim("restarts by itself", lambda: named(machine.wait_off(), "restart"))
        machine.power_on()
        machine.hello()
        bench.claim(
            "keeps what it was told over a restart",
            lambda: mentions(ask(machine, "what is on my shopping list"), "milk"),
        )
        machine.begin("systemctl", "poweroff")
        bench.claim("switches off", lambda: named(machine.wait_off(), "off"))
    with bench.powered(card) as machine:
        left = "how much time is left on my timer"
        bench.claim("keeps a timer without power", lambda: mentions(ask(machine, left), "hour"))
    card.remove()


def network(bench: Bench) -> None:
    """A network that offers addresses and leads nowhere: still no open port."""
    card = bench.card("network")
    with bench.powered(card, network=True) as machine:
        bench.claim("starts with a network", lambda: settled(machine))
        bench.claim("nothing listens on a network either", lambda: no_port(machine))
    card.remove()


def slots(bench: Bench) -> None:
    """The bootloader's rules and the root's choice, without any updater: a trial, and the way back."""
    card = bench.card("slots")
    with bench.powered(card) as machine:
        bench.claim("begins in slot a", lambda: named(slot(machine), "a"))
        machine.begin("systemctl", "reboot", f"--reboot-argument={TRIAL}")
        bench.claim("a restart with the trial flag", lambda: named(machine.wait_off(), "trial"))
        machine.power_on()
        machine.hello()
        bench.claim("a trial runs slot b", lambda: named(slot(machine), "b"))
        bench.claim("and knows that it is one", lambda: trial_known(machine))
        machine.cut()
        machine.power_on()
        machine.hello()
        bench.claim("a power cut in a trial leads back to slot a", lambda: named(slot(machine), "a"))
    card.remove()


def broken_slots(bench: Bench) -> None:
    """Slots that cannot start, each as a trial: the old one comes back by itself."""
    wrecks = {
        "no kernel at all": ("boot_b", 0, bytes(1 << 20)),
        "a damaged system": ("system_b", 0, bytes(1 << 20)),
        "a system whose program is gone": ("system_b", 4 << 20, bytes(48 << 20)),
    }
    for name, (label, offset, data) in wrecks.items():
        card = bench.card("broken")
        card.spoil(label, offset, data)
        with bench.powered(card) as machine:
            machine.begin("systemctl", "reboot", f"--reboot-argument={TRIAL}")
            bench.claim(f"{name}: the trial is started", partial(restarts, machine, "trial"))
            bench.claim(f"{name}: falls back to slot a", partial(falls_back, machine))
        card.remove()


def restarts(machine: Machine, how: str) -> str:
    """It ends by itself in this way."""
    return named(machine.wait_off(), how)


def hurt_cards(bench: Bench) -> None:
    """Cards that are too small, full, or lost their data: the device still starts, hears and speaks."""
    image = bench.image.stat().st_size
    card = bench.card("small", image - (32 << 20))
    with bench.powered(card) as machine:
        bench.claim("a card smaller than the image: hears and answers", lambda: hears(machine))
        bench.claim(
            "a card smaller than the image: says that nothing is kept",
            lambda: output(machine, "ls", "/run/assistant-data-lost").strip(),
        )
    card.remove()
    card = bench.card("lost")
    card.spoil("data", 0, bytes(16 << 20))
    with bench.powered(card) as machine:
        bench.claim("a destroyed data partition: hears and answers", lambda: hears(machine))
    card.remove()
    card = bench.card("full", None)
    with bench.powered(card) as machine:
        machine.run("sh", "-c", "head -c 2G /dev/zero > /var/fill")
        machine.run("sync")
        machine.begin("systemctl", "reboot")
        machine.wait_off()
        machine.power_on()
        machine.hello()
        bench.claim("a full data partition: hears and answers", lambda: hears(machine))
    card.remove()


def only_loopback(machine: Machine) -> str:
    """No way out of the machine exists."""
    return named(" ".join(sorted(output(machine, "ls", "/sys/class/net").split())), "lo")


def named(seen: str, wanted: str) -> str:
    """`seen`, which must be `wanted`."""
    expect(seen == wanted, f"{seen}, not {wanted}")
    return seen


def mentions(seen: str, wanted: str) -> str:
    """`seen`, which must contain `wanted`."""
    expect(wanted in seen.lower(), f"“{seen}” does not mention {wanted}")
    return f"“{seen}”"


def trial_known(machine: Machine) -> str:
    """The unit that decides is told."""
    expect(machine.run("/usr/lib/assistant/in-trial").status == 0, "in-trial says no")
    return "in-trial says yes"


def falls_back(machine: Machine, tries: int = 3) -> str:
    """Let it start as often as it restarts by itself; slot a must answer in the end."""
    for _ in range(tries):
        start = machine.power_on()
        if start.label == "boot_a":
            machine.hello()
            return f"slot {named(slot(machine), 'a')} after {machine.boots} starts"
        machine.wait_off(1200)
    raise ClaimError(f"still in the new slot after {tries} starts")


SCENARIOS: dict[str, Callable[[Bench], None]] = {
    "fresh": fresh,
    "network": network,
    "slots": slots,
    "broken": broken_slots,
    "cards": hurt_cards,
    "updates": updates,
    "cuts": cuts,
}
