# ruff: noqa: E501, SIM905 - patterns and word lists read better in one line
"""Made-up secrets in every form that people say them, each in a sentence."""

import random
from dataclasses import dataclass

from stdnum import iban as stdnum_iban
from stdnum import luhn

DIGITS = {"0": ("zero", "oh"), "1": ("one",), "2": ("two",), "3": ("three",), "4": ("four",), "5": ("five",), "6": ("six",),
          "7": ("seven",), "8": ("eight",), "9": ("nine",)}  # fmt: skip
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "x x twenty thirty forty fifty sixty seventy eighty ninety".split()
NATO = ("alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra "
        "tango uniform victor whiskey xray yankee zulu").split()  # fmt: skip
FIRST = "Mara Jonas Ottilie Theodor Wilhelmina Anselm Rosalind Cornelius Perpetua Ambrose".split()
LAST = "Quillfeather Brambleworth Osterhagen Tollemache Vanderhoek Abernathy Zielinski Featherstone".split()
CITIES = "Brackenford Ostermouth Quillbury Fenwick Tarnholm".split()


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret, as it is and in the sentence that carries it."""

    kind: str
    value: str
    sentence: str
    household: tuple[str, ...] = ()


def say_digits(digits: str, rng: random.Random) -> str:
    """Digits as somebody may say them: singly, with "double", in pairs, with dashes."""
    out, i, style = [], 0, rng.choice(("single", "single", "double", "pairs", "mixed"))
    while i < len(digits):
        d, rest = digits[i], digits[i + 1 :]
        pair = digits[i : i + 2]
        if style in ("double", "mixed") and rest[:2] == d + d and rng.random() < 0.5:
            out.append(f"triple {rng.choice(DIGITS[d])}")
            i += 3
        elif style in ("double", "mixed") and rest[:1] == d and rng.random() < 0.8:
            out.append(f"double {rng.choice(DIGITS[d])}")
            i += 2
        elif (
            style in ("pairs", "mixed")
            and len(pair) == 2
            and pair[0] != "0"
            and (style == "pairs" or rng.random() < 0.4)
        ):
            out.append(pair_words(pair))
            i += 2
        else:
            out.append(rng.choice(DIGITS[d]))
            i += 1
    if rng.random() < 0.15:
        out.insert(len(out) // 2, rng.choice(("dash", "um", "space", "and then")))
    return " ".join(out)


def pair_words(pair: str) -> str:
    """A two-digit number as words."""
    value = int(pair)
    if value < 20:
        return TEENS[value - 10]
    return TENS[value // 10] + (" " + DIGITS[pair[1]][0] if pair[1] != "0" else "")


def group(digits: str, rng: random.Random) -> str:
    """Digits as somebody may write them."""
    separator = rng.choice(("", "", " ", "-"))
    if not separator:
        return digits
    return separator.join(digits[i : i + 4] for i in range(0, len(digits), 4))


def say_letters(letters: str, rng: random.Random) -> str:
    """Letters one by one, plain or by the radio alphabet."""
    if rng.random() < 0.4:
        return " ".join(NATO["abcdefghijklmnopqrstuvwxyz".index(c)] for c in letters.lower())
    return " ".join(letters.lower())


def card(rng: random.Random) -> str:
    """A card number of 13 to 19 digits with a right check digit."""
    body = rng.choice("3456") + "".join(
        rng.choice("0123456789") for _ in range(rng.choice((12, 13, 14, 14, 14, 14, 17)))
    )
    return body + luhn.calc_check_digit(body)


def iban(rng: random.Random) -> str:
    """A British account number with right check digits."""
    body = "".join(rng.choice("ABCDEFGHKLMN") for _ in range(4)) + "".join(rng.choice("0123456789") for _ in range(14))
    return "GB" + stdnum_iban.calc_check_digits("GB00" + body) + body


_NUMBER_FRAMES = (
    "what is the limit for {}", "tell me about {}", "write a poem about the number {}", "is {} a good number", "why was {} declined",
    "create a story in which a wizard finds {} on a stone", "who called me from {}", "translate {} into french", "remember {}",
    "please explain what {} means", "how do you pronounce {}", "suggest a way to memorize {}", "{}",
)  # fmt: skip
_MAIL_FRAMES = (
    "write an email to {} inviting them to a party",
    "who owns {}",
    "what is {}",
    "draft a letter to {} about the concert",
    "tell me about {}",
)
_ADDRESS_FRAMES = ("how far is it to {}", "my address is {}", "what is the best way from paris to {}", "write a poem about {}",
                   "they live at {}", "ship it to {}")  # fmt: skip
_NAME_FRAMES = ("write a birthday poem for {}", "what does {} like", "tell me a joke about {}", "where is {} now", "compose a song about {}",
                "draft a speech for {}'s wedding", "who is {}")  # fmt: skip


def make(kind: str, rng: random.Random) -> Secret:
    """One secret of `kind` in a written or spoken form."""
    return {"card": _card, "iban": _iban, "phone": _phone, "ssn": _ssn, "email": _email, "address": _address, "name": _name,
            "plate": _plate, "birth": _birth, "password": _password, "pin": _pin}[kind](rng)  # fmt: skip


KINDS = ("card", "iban", "phone", "ssn", "email", "address", "name", "plate", "birth", "password", "pin")


def _numbers(kind: str, digits: str, rng: random.Random) -> Secret:
    said = say_digits(digits, rng) if rng.random() < 0.7 else group(digits, rng)
    return Secret(kind, digits, rng.choice(_NUMBER_FRAMES).format(said))


def _card(rng: random.Random) -> Secret:
    return _numbers("card", card(rng), rng)


def _phone(rng: random.Random) -> Secret:
    length = rng.choice((7, 9, 10, 11))
    return _numbers("phone", "".join(rng.choice("0123456789") for _ in range(length)), rng)


def _ssn(rng: random.Random) -> Secret:
    digits = f"{rng.randint(1, 665):03}{rng.randint(1, 99):02}{rng.randint(1, 9999):04}"
    return _numbers("ssn", digits, rng)


def _iban(rng: random.Random) -> Secret:
    value = iban(rng)
    if rng.random() < 0.3:
        said = value if rng.random() < 0.5 else " ".join(value[i : i + 4] for i in range(0, len(value), 4))
    else:
        bank = say_letters(value[4:8], rng) if rng.random() < 0.6 else value[4:8].lower()
        said = f"{rng.choice(('g b', 'gb'))} {say_digits(value[2:4], rng)} {bank} {say_digits(value[8:], rng)}"
    return Secret("iban", value[8:], rng.choice(_NUMBER_FRAMES).format(said))


def _email(rng: random.Random) -> Secret:
    first, last, host = (
        rng.choice(FIRST).lower(),
        rng.choice(LAST).lower(),
        rng.choice(("quickpost", "mailhaven", "gmail", "blue river")),
    )
    end = rng.choice(("com", "org", "co.uk", "de", "net"))
    local = f"{first}.{last}" if rng.random() < 0.6 else f"{first}{rng.randint(10, 99)}"
    if rng.random() < 0.35:
        said = f"{local}@{host.replace(' ', '')}.{end}"
    else:
        spoken = local.replace(".", rng.choice((" dot ", " underscore ")))
        if rng.random() < 0.25:
            spoken = " ".join(first) + f" dot {last}"
        said = f"{spoken} at {host} dot {end.replace('.', ' dot ')}"
    return Secret("email", last if last in said else first, rng.choice(_MAIL_FRAMES).format(said))


def _address(rng: random.Random) -> Secret:
    name = rng.choice(LAST)
    number = rng.randint(2, 4999)
    end = rng.choice(("Street", "Road", "Lane", "Avenue", "Close", "Drive", "Court"))
    written_number = str(number) if rng.random() < 0.4 else say_digits(str(number), rng)
    said = f"{written_number} {name} {end}"
    if rng.random() < 0.5:
        said += f" {rng.choice(CITIES)}"
    return Secret("address", name, rng.choice(_ADDRESS_FRAMES).format(said if rng.random() < 0.5 else said.lower()))


def _name(rng: random.Random) -> Secret:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    said = rng.choice((first, f"{first} {last}", last))
    said = said if rng.random() < 0.5 else said.lower()
    return Secret("name", said, rng.choice(_NAME_FRAMES).format(said), (f"{first} {last}",))


def _plate(rng: random.Random) -> Secret:
    letters = "".join(rng.choice("BCDFGHJKLMNPRSTVWXYZ") for _ in range(5))
    digits = f"{rng.randint(10, 79)}"
    plate = letters[:2] + digits + letters[2:]
    said = (
        plate
        if rng.random() < 0.3
        else f"{say_letters(letters[:2], rng)} {say_digits(digits, rng)} {say_letters(letters[2:], rng)}"
    )
    return Secret(
        "plate",
        plate,
        rng.choice(("who owns the car {}", "my plate is {}", "write a poem about {}", "what does {} stand for")).format(
            said
        ),
    )


def _birth(rng: random.Random) -> Secret:
    month = rng.choice("january february march april june july august september october november december".split())
    year, day = rng.randint(1931, 2019), rng.randint(1, 28)
    said = rng.choice(
        (
            f"{month} {day} {year}",
            f"the {day}th of {month} {year}",
            f"{month} {pair_words(f'{day:02}') if day > 9 else day} {pair_words(str(year)[:2])} {say_digits(str(year)[2:], rng)}",
        )
    )
    return Secret(
        "birth",
        f"{month} {year}",
        rng.choice(
            (
                "i was born on {} what star sign is that",
                "my date of birth is {}",
                "what happened in history when i was born on {}",
                "my birthday is {} suggest a party theme",
            )
        ).format(said),
    )


def _password(rng: random.Random) -> Secret:
    word = "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(3)) + str(rng.randint(10, 99))
    return Secret(
        "password",
        word,
        rng.choice(
            (
                "my password is {} is that strong",
                "is {} a good password for my email",
                "write a poem in which the password is {}",
                "my wifi password is {}",
                "the passcode for my laptop is {}",
            )
        ).format(word),
    )


def _pin(rng: random.Random) -> Secret:
    digits = f"{rng.randint(0, 9999):04}"
    return Secret(
        "pin",
        digits,
        rng.choice(
            (
                "my pin is {} is that safe",
                "the alarm code is {}",
                "my bank pin is {} how do i memorize it",
                "the door code is {} write a rhyme for it",
                "the combination of the safe is {}",
            )
        ).format(say_digits(digits, rng) if rng.random() < 0.7 else digits),
    )
