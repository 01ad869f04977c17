"""The proof's scenarios. Each takes a bench and plays on cards of its own."""

from collections.abc import Callable
from functools import partial

from image.emulator.card import Card
from image.emulator.cutting import cuts
from image.emulator.firmware import TRIAL
from image.emulator.machine import Machine
from image.emulator.proof import (
    HEAVY,
    SETTINGS,
    Bench,
    ClaimError,
    expect,
    grown,
    no_login,
    no_port,
    output,
    prepared,
    read_only,
    settled,
    slot,
    watchdog,
)
from image.emulator.speaking import answers, hears, judged, left_to_say
from image.emulator.updating import MOUNT, refused, stick, updates

PROBLEMS = "assistant-problems.txt"
SUM = "what is twelve times seven"


def fresh(bench: Bench) -> None:
    """A new card without any network: everything a person relies on. The card stays for `again`."""
    card = bench.card("fresh")
    with bench.powered(card) as machine:
        bench.claim("starts, every unit well", lambda: settled(machine))
        bench.claim("its own check finds it well", lambda: judged(machine))
        bench.claim("no network device but loopback", lambda: only_loopback(machine))
        bench.claim("the system is read-only", lambda: read_only(machine))
        bench.claim("nothing listens", lambda: no_port(machine))
        bench.claim("nobody can log in", lambda: no_login(machine))
        bench.claim("data grows to the card", lambda: grown(machine))
        bench.claim("the watchdog runs", lambda: watchdog(machine))
        bench.claim("the first slot runs", lambda: named(slot(machine), "a"))
        bench.claim("the card's settings count", lambda: setting(machine, "welcome = false"))
        asked = ("list.flac", "milk"), ("Set a timer for three hours.", "timer")
        bench.claim("hears and answers", lambda: hears(machine, *asked))
        machine.run("sync")


def again(bench: Bench) -> None:
    """What `fresh` was told is known after its plug was pulled, and after a restart."""
    card = Card(bench.work / "fresh.img")
    if not card.path.exists():
        fresh(bench)
    with bench.powered(card, without=HEAVY) as machine:
        machine.begin("systemctl", "reboot")
        bench.claim("restarts by itself", lambda: named(machine.wait_off(), "restart"))
        machine.power_on()
        machine.hello()
        asked = ("left.flac", "hour"), ("What is on my shopping list?", "milk")
        bench.claim("asked aloud after a power cut and a restart", lambda: hears(machine, *asked))
        machine.begin("systemctl", "poweroff")
        bench.claim("switches off", lambda: named(machine.wait_off(), "off"))
    card.remove()


def settings(bench: Bench) -> None:
    """A settings file with mistakes: they are told, the rest counts; mended, it counts at the next start."""
    card = bench.card("settings")
    given = card.read("bootconfig", SETTINGS) or b""
    wrong = [(b"volume = 70 ", b"volume = 700"), (b'units = "metric"', b'unitz = "metric"')]
    changed = given.replace(b'time_zone = ""', b'time_zone = "Asia/Tokyo"')
    for before, after in wrong:
        expect(before in changed, f"the card's {SETTINGS} holds no {before!r}")
        changed = changed.replace(before, after)
    card.write("bootconfig", SETTINGS, changed)
    with bench.powered(card, without=HEAVY) as machine:
        bench.claim("mistakes in the settings: said", lambda: left_to_say(machine, "settings", "volume", "2"))
        bench.claim("mistakes in the settings: written beside the file", lambda: mistakes(machine, "volume", "unitz"))
        bench.claim("mistakes in the settings: the rest counts", lambda: setting(machine, 'time_zone = "Asia/Tokyo"'))
        bench.claim("mistakes in the settings: answers", lambda: answers(machine, SUM, "84"))
        machine.begin("systemctl", "poweroff")
        machine.wait_off()
        for before, after in wrong:
            changed = changed.replace(after, before)
        card.write("bootconfig", SETTINGS, changed.replace(b"volume = 70 ", b"volume = 35 "))
        machine.power_on()
        machine.hello()
        bench.claim("mended settings: count at the next start", lambda: setting(machine, "volume = 35"))
        bench.claim("mended settings: no mistake is left", lambda: none_left(machine))
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
    with bench.powered(card, without=HEAVY) as machine:
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
        with bench.powered(card, without=HEAVY) as machine:
            machine.begin("systemctl", "reboot", f"--reboot-argument={TRIAL}")
            bench.claim(f"{name}: the trial is started", partial(restarts, machine, "trial"))
            bench.claim(f"{name}: falls back to slot a", partial(falls_back, machine))
        card.remove()


def restarts(machine: Machine, how: str) -> str:
    """It ends by itself in this way."""
    return named(machine.wait_off(), how)


def small_card(bench: Bench) -> None:
    """A card smaller than the image that was written to it."""
    hurt(bench, "a card smaller than the image", lambda card: card.cut_off(bench.image.stat().st_size - (32 << 20)))


def lost_data(bench: Bench) -> None:
    """A card whose data cannot be repaired, and one where repairing leaves nothing of what was kept."""
    hurt(bench, "a destroyed data partition", lambda card: card.spoil("data", 0, bytes(card.partitions()["data"].size)))
    card = bench.card("emptied")
    with bench.powered(card, without=HEAVY) as machine:
        # in use: grown, with something kept
        output(machine, "systemctl", "start", "assistant-grow.service")
        setting(machine, "welcome = false")
        machine.begin("systemctl", "poweroff")
        machine.wait_off()
    card.spoil("data", 0, bytes(16 << 20))
    hurt_one(bench, "data that begins with damage", card, "gone")


def hurt(bench: Bench, name: str, how: Callable[[Card], None]) -> None:
    """A hurt card: the device still starts, answers, and says that nothing is kept."""
    card = bench.card("hurt", None)
    how(card)
    hurt_one(bench, name, card, "forget")


def hurt_one(bench: Bench, name: str, card: Card, word: str) -> None:
    """See `hurt`; what is left to say has a certain word."""
    with bench.powered(card, without=HEAVY) as machine:
        bench.claim(f"{name}: says so", lambda: left_to_say(machine, "data", word))
        bench.claim(f"{name}: answers", lambda: answers(machine, SUM, "84"))
    card.remove()


def full_data(bench: Bench) -> None:
    """A data partition without room: the device still starts and answers, and takes neither settings nor update."""
    card = bench.card("full", None)
    with bench.powered(card, without=HEAVY) as machine:
        machine.stick = stick(bench)
        machine.run("sh", "-c", "head -c 2G /dev/zero > /var/fill; sync")
        machine.begin("systemctl", "reboot")
        machine.wait_off()
        changed = (card.read("bootconfig", SETTINGS) or b"").replace(b"volume = 70 ", b"volume = 35 ")
        card.write("bootconfig", SETTINGS, changed)
        machine.power_on()
        machine.hello()
        bench.claim("a full data partition: answers", lambda: answers(machine, SUM, "84"))
        bench.claim(
            "a full data partition: the settings from before count", lambda: setting(machine, "welcome = false")
        )
        output(machine, "sh", "-c", MOUNT)
        bench.claim("a full data partition: an update is refused", lambda: refused(machine, "good"))
    card.remove()


def setting(machine: Machine, line: str) -> str:
    """The program's settings hold this line, made from the card's."""
    prepared(machine)
    found = output(machine, "cat", "/var/lib/assistant/assistant.toml")
    expect(line in found.splitlines(), f"no “{line}” in {' | '.join(found.splitlines())}")
    return f"“{line}” in /var/lib/assistant/assistant.toml"


def mistakes(machine: Machine, *named_there: str) -> str:
    """What stands beside the card's settings."""
    text = " ".join(output(machine, "cat", f"/bootfs/{PROBLEMS}").split())
    for word in named_there:
        expect(word in text, f"“{text}” does not name {word}")
    return f"“{text}”"


def none_left(machine: Machine) -> str:
    """Nothing stands beside the card's settings."""
    return named(" ".join(sorted(output(machine, "ls", "/bootfs").split())), f"{SETTINGS} autoboot.txt read-me.txt")


def only_loopback(machine: Machine) -> str:
    """No way out of the machine exists."""
    return named(" ".join(sorted(output(machine, "ls", "/sys/class/net").split())), "lo")


def named(seen: str, wanted: str) -> str:
    """`seen`, which must be `wanted`."""
    expect(seen == wanted, f"{seen}, not {wanted}")
    return seen


def trial_known(machine: Machine) -> str:
    """The unit that decides is told."""
    expect(machine.run("/usr/lib/assistant/in-trial").status == 0, "in-trial says no")
    return "in-trial says yes"


def falls_back(machine: Machine, tries: int = 3) -> str:
    """Let it start as often as it restarts by itself; slot a must answer in the end."""
    for _ in range(tries):
        # what decides about a trial is needed in a trial
        machine.without = () if machine.trial else HEAVY
        start = machine.power_on()
        if start.label == "boot_a":
            machine.hello()
            return f"slot {named(slot(machine), 'a')} after {machine.boots} starts"
        machine.wait_off(1200)
    raise ClaimError(f"still in the new slot after {tries} starts")


SCENARIOS: dict[str, Callable[[Bench], None]] = {
    "fresh": fresh,
    "again": again,
    "settings": settings,
    "network": network,
    "slots": slots,
    "broken": broken_slots,
    "small": small_card,
    "lost": lost_data,
    "full": full_data,
    "updates": updates,
    "cuts": cuts,
}
