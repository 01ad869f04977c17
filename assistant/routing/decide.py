"""The one decision: may this question leave the house?

`decide` is a pure function: the same request and context give the same answer, and it touches no clock, file or
socket. The order of its steps is the order of docs/privacy.md. Any failure on the way means: stay local.
"""

import logging
import re
from dataclasses import dataclass, field
from typing import TypeAlias

from assistant.routing.categories import BASE, Category, judge
from assistant.routing.classifier import Classifier, default_classifier
from assistant.routing.identifiers import Finding, find, spelled_share
from assistant.routing.payload import Payload, build, inspect
from assistant.routing.redact import redact
from assistant.routing.spoken import written

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """A question that no skill has answered."""

    text: str
    """The words, as recognised or typed."""
    history: tuple[str, ...] = ()
    """Earlier questions of the same conversation, oldest first, where the answer needs them; each must pass the same
    gate or everything stays local."""
    person: str = ""
    """Who is asking, where that is known."""
    later: bool = False
    """True when the answer may come later: it then leaves in a batch, which is not streamed."""
    insist: bool = False
    """True when the person asked in so many words to send this one out ("ask the internet ...")."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything the decision may depend on, as it stands at this moment."""

    consent: bool | None = None
    """True: given; False: refused or revoked; None: never asked."""
    stay_offline: bool = False
    """The offline switch (voice, button or settings)."""
    configured: bool = False
    """An endpoint's address and model are in the settings."""
    model: str = ""
    """The endpoint's model name."""
    local_confidence: float = 0.0
    """How sure the best local answer is, 0..1."""
    threshold: float = 0.8
    """From this confidence on the local answer is good enough."""
    connected: bool = True
    """There is a network."""
    budget_left: float = 0.0
    """Money that may still be spent today and this month, whichever is less."""
    cost: float = 0.0
    """Upper bound of this call's price, same currency."""
    rate_left: int = 0
    """Calls that may still be made in the current window."""
    breaker_closed: bool = True
    """False while the endpoint is being left alone after failures."""
    names: tuple[str, ...] = ()
    """Names of people who live here or are in the contacts."""
    least_harmless: float = BASE
    """Raises the bar for everyone; a value below the built-in one has no effect."""
    kept_local: frozenset[str] = frozenset()
    """People whose questions never leave (children, guests who asked for it)."""
    classifier: Classifier | None = field(default=None, repr=False)
    """The judge; the bundled one when None."""


@dataclass(frozen=True, slots=True)
class Local:
    """Stay here."""

    reason: str
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class Escalate:
    """May leave, in exactly these bytes."""

    payload: Payload
    reason: str = "hard and harmless"


@dataclass(frozen=True, slots=True)
class Ask:
    """Could leave, but nobody has been asked yet."""

    question: str
    reason: str = "consent was never asked"


@dataclass(frozen=True, slots=True)
class Refuse:
    """The person asked to send it out, and it may not."""

    reason: str
    category: Category | None = None


Decision: TypeAlias = Local | Escalate | Ask | Refuse

CONSENT_QUESTION = (
    "Some questions are too hard for me alone. May I send such a question to the service you have set up? "
    "I never send anything about health, money or people. You can take this back at any time by saying: stay offline."
)


def decide(request: Request, context: Context) -> Decision:
    """Where the answer to `request` comes from. Never raises: whatever goes wrong means Local."""
    try:
        decision = _decide(request, context)
    except Exception as error:  # noqa: BLE001 - fail closed: a bug in the gate must never open it
        logger.error("the gate failed (%s); the question stays here", type(error).__name__)
        return Local("the gate itself failed")
    if request.insist and isinstance(decision, Local) and (decision.category or decision.reason.startswith("it has ")):
        return Refuse(decision.reason, decision.category)
    return decision


def _decide(request: Request, context: Context) -> Decision:
    # consent and the offline switch
    if not context.configured:
        return Local("no service is set up")
    if context.stay_offline:
        return Local("staying offline")
    if context.consent is False:
        return Local("no consent")
    if request.person and request.person in context.kept_local:
        return Local("this person's questions stay here")
    # what it is about, and whom it names, in the written and in the spoken form
    findings: list[tuple[Finding, ...]] = []
    for text in (*request.history, request.text):
        if not text.strip() or len(text) > 2000:
            return Local("nothing to ask" if not text.strip() else "too long for a spoken question")
        judged, found = _sensitive(text, context)
        if judged is not None:
            return judged
        findings.append(found)
    # is it worth leaving for
    if context.local_confidence >= context.threshold:
        return Local("the local answer is good enough")
    if complexity(request.text) < 0.1:
        return Local("too little to ask a stranger")
    if not context.connected:
        return Local("no network")
    if context.cost > context.budget_left:
        return Local("the budget is used up")
    if context.rate_left <= 0:
        return Local("too many questions in a short time")
    if not context.breaker_closed:
        return Local("the service has been failing")
    # what goes out
    redacted = [redact(t, f) for t, f in zip((*request.history, request.text), findings, strict=True)]
    texts = [r.text for r in redacted if r is not None]
    if len(texts) != len(redacted):
        return Local("it has " + _named(next(f for f, r in zip(findings, redacted, strict=True) if r is None)))
    body = build(texts[-1], model=context.model, history=tuple(texts[:-1]), stream=not request.later)
    wrong = inspect(body, context.names)
    if wrong:
        return Local(f"the last look found {wrong}", Category.IDENTITY)
    restore = tuple(pair for r in redacted if r is not None for pair in r.restore)
    if context.consent is None:
        return Ask(CONSENT_QUESTION)
    return Escalate(Payload(body, texts[-1], restore))


def _sensitive(text: str, context: Context) -> tuple[Local | None, tuple[Finding, ...]]:
    """Why `text` must stay, or None; and the identifiers in it."""
    classifier = context.classifier or default_classifier()
    least = max(BASE, context.least_harmless)
    found = find(text, context.names)
    masked = _masked(text, found)
    for form in dict.fromkeys((masked, written(masked).text)):  # as heard, and with spoken digits and letters joined
        verdict = judge(form, classifier, least=least)
        if verdict.category is not None:
            return Local(f"{verdict.category.value}: {verdict.why}", verdict.category), found
    if spelled_share(text) > 0.5 and len(text.split()) > 6:
        return Local("someone is spelling something out", Category.IDENTITY), found
    if found and redact(text, found) is None:
        return Local("it has " + _named(found), Category.IDENTITY), found
    return None, found


def _masked(text: str, found: tuple[Finding, ...]) -> str:
    """The sentence without the names and numbers in it, so that they do not hide what it is about."""
    out, at = [], 0
    for f in found:
        if f.start >= at:
            out += [text[at : f.start], "someone"]
        at = max(at, f.end)
    return "".join([*out, text[at:]]) if found and redact(text, found) is not None else text


def _named(found: tuple[Finding, ...]) -> str:
    kinds = list(dict.fromkeys(f.kind.value for f in found))
    return " and ".join(f"a {k}" for k in kinds[:3])


_HARD = re.compile(
    r"\b(?:why|how|explain|compare|write|create|describe|design|plan|suggest|recommend|difference|summarize|translate|who|what|when|where|which)\b",
    re.IGNORECASE,
)


def complexity(text: str) -> float:
    """How much a question asks for, 0..1: words and the kind of question. Two words without a question are nothing."""
    words = text.split()
    return min(1.0, len(words) / 20 + (0.3 if _HARD.search(text) else 0.0)) if len(words) >= 2 else 0.05
