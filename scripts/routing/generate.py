# ruff: noqa: E501, ANN202 - vocabulary and templates read better in long lines
"""Sentences for training the privacy classifier: written here as templates, filled from vocabulary.

A template line expands "(a|b|)" to one of its alternatives and "{slot}" to a filler. A comment line starts with #.
"""

import random
import re
from pathlib import Path

HERE = Path(__file__).parent
CLASSES = ("benign", "health", "mental", "money", "legal", "personal", "secret")

W = str.split
KIN = W(
    "mother father mom dad son daughter brother sister husband wife boyfriend girlfriend partner baby kid child grandmother "
    "grandfather uncle aunt cousin friend niece nephew toddler fiance spouse teenager roommate grandma grandpa"
)
BODY = W(
    "head arm leg knee back stomach chest shoulder neck ankle wrist foot hand finger toe hip elbow ear eye nose throat tongue "
    "jaw skin scalp breast abdomen groin heel thigh calf lip gum tooth belly rib spine kidney liver lung bladder testicle thumb "
    "armpit eyelid nipple penis vagina buttock spleen gallbladder thyroid heart colon rectum uterus prostate"
)
SYMPTOMS = """a headache|a fever|a rash|chest pain|back pain|stomach pain|a sore throat|diarrhea|blood in my stool|blood in my urine|
a lump|dizziness|nausea|a cough|shortness of breath|itching|swelling|numbness|tingling|cramps|constipation|a runny nose|
heart palpitations|fatigue|hair loss|night sweats|weight loss|blurred vision|ringing in the ears|a stiff neck|joint pain|muscle pain|
a burning feeling|heavy bleeding|spotting|bloating|heartburn|vomiting|a swollen ankle|discharge|hot flashes|insomnia|a nosebleed|
toothache|dry eyes|red spots|a white tongue|swollen lymph nodes|low blood pressure|high blood sugar|a bad smell|hiccups|snoring|
pain when urinating|painful intercourse|an irregular period|a missed period|chills|sneezing|an itchy scalp|dark circles|body aches|
dandruff|brain fog|bruises|cold feet|twitching|shaking hands|burps|gas|trouble swallowing|loss of appetite|sulfur smell|feet pain""".replace(
    "\n", ""
).split("|")
FEELINGS = W(
    "depressed sad lonely anxious angry worthless hopeless empty numb scared stressed overwhelmed jealous insecure guilty "
    "ashamed nervous miserable confused tired rejected unloved suicidal paranoid unhappy hurt betrayed frustrated "
    "exhausted lost trapped broken ugly useless unwanted panicky moody desperate tense afraid"
)
MENTAL = """depression|anxiety|ptsd|ocd|adhd|bipolar disorder|an eating disorder|anorexia|bulimia|social anxiety|panic attacks|insomnia|
borderline personality disorder|schizophrenia|low self esteem|anger issues|trauma|grief|postpartum depression|a phobia|addiction|
alcoholism|trust issues|jealousy|self harm|childhood abuse|dissociation|gender dysphoria|autism|loneliness|codependency|stress|burnout|
sex addiction|gambling addiction|nightmares|mood swings|abandonment issues|a narcissist|separation anxiety""".replace(
    "\n", ""
).split("|")
JOBS = W(
    "president king queen doctor teacher pilot farmer chef detective singer actor painter poet carpenter astronaut scientist "
    "librarian sailor soldier baker lawyer nurse engineer architect judge philosopher dancer plumber gardener explorer captain "
    "director composer journalist banker coach athlete clown wizard knight robot mayor senator inventor emperor pope general "
    "goalkeeper quarterback drummer guitarist comedian host villain princess"
)
ADJ = W(
    "red blue old young small big funny happy lost golden silent hidden brave lonely dark bright wild secret broken modern ancient "
    "famous simple magic strange frozen electric green royal little great last first quiet giant digital wooden lucky crazy "
    "dead killer sick mad bloody bitter sweet guilty"
)
TITLES = W(
    "love night time house star wars road summer walking dead game thrones heart town river last man standing office friends "
    "shadow blood king queen lion ring stranger things world girl boy train island garden moon fire ice city angel wonder "
    "glass water storm winter dream secret garden lost found days years home story light rain dance hotel blue moon silver "
    "doctor bad good hunger games stars wild west mother father sister brother grey anatomy house cards money heist"
)
TITLES_I = """i got to get up|i love her|i'll never fall in love again|i'm a celebrity|i want to hold your hand|we built this|we are the
champions|you raise me|my girl|my way|i will always love you|tell me why|let me love you|i can't get no|i shot the sheriff|we will rock you|
me and you|i need a dollar|hit me one more time|i'm yours|mamma mia|give me everything|i have nothing|call me maybe|my humps|bad blood|
you are the reason|i don't want to miss a thing|take me home|if i were a boy|i am legend|my fair lady|we bought a zoo|i robot|how i met
your mother|my best friend's wedding|i know what you did last summer|two and a half men|my little pony""".replace(
    "\n", " "
).split("|")
FEAT = """fly|swim across the ocean|walk on the moon|climb a mountain|run a marathon|read minds|travel in time|talk to animals|
win the cup|cross the atlantic alone|score a goal|break a record|sing in the rain|save the world|solve a mystery|sleep standing up""".replace(
    "\n", ""
).split("|")
SPORT = W(
    "football soccer cricket tennis chess basketball baseball hockey golf rugby swimming boxing cycling poker volleyball karate "
    "badminton surfing skiing marathon darts snooker wrestling archery rowing checkers bowling"
)
SCIENCE = W(
    "physics chemistry biology gravity evolution astronomy geometry algebra photosynthesis economics philosophy history "
    "geology relativity electricity magnetism statistics linguistics archaeology mathematics calculus psychology sociology "
    "genetics thermodynamics meteorology capitalism democracy buddhism stoicism mitosis osmosis inflation recycling hydrogen "
    "helium mars jupiter saturn pluto neptune oxygen plastic carbon logic grammar robotics cryptography anthropology"
)
EVENTS = """the civil war|world war two|the french revolution|the olympics|the super bowl|the world cup|the moon landing|the cold war|
the renaissance|the industrial revolution|the great fire of london|the boston tea party|the battle of hastings|the black death|
the titanic|the gold rush|the vietnam war|the fall of the berlin wall|the roman empire|the tour de france|the grammys|
the oscars|eurovision|the american revolution|the crusades|the great depression|the ice age|wimbledon""".replace(
    "\n", ""
).split("|")
EVENTS_H = """surgery|running|eating|the accident|a fall|the flu shot|sex|giving birth|lifting weights|a car crash|sleeping|chemo|
a bee sting|dinner|a tattoo|the antibiotics""".replace("\n", "").split("|")
SHOPS = W(
    "amazon walmart target costco starbucks ikea tesco netflix spotify uber apple google paypal ebay sainsburys zara"
)
SHOPS += ["the grocery store", "the gas station", "the supermarket", "a restaurant", "the pharmacy", "the hotel"]
BANKS = """chase|wells fargo|bank of america|capital one|citibank|discover|american express|barclays|hsbc|lloyds|first national|my bank|
the credit union|usaa|pnc|td|ally|monzo|revolut|santander|us bank|navy federal|mastercard""".replace("\n", "").split(
    "|"
)
BILLS = """electric bill|water bill|rent|phone bill|gas bill|cable bill|credit card bill|mortgage|insurance bill|internet bill|
utility bill|car payment|student loan|tax bill|hospital bill|heating bill|bills|visa bill|power bill""".replace(
    "\n", ""
).split("|")
SPEND = """food|groceries|restaurants|clothes|travel|gas|rent|coffee|takeaway|shopping|gifts|my phone|petrol|entertainment""".replace(
    "\n", ""
).split("|")
TOPICS = """the meeting|the budget|the party|the project|dinner|the invoice|my order|the trip|school|the game|work""".replace(
    "\n", ""
).split("|")
MSGS = """i am running late|i will be home soon|i love you|happy birthday|i cannot make it|dinner is ready|the meeting is cancelled|
call me back|i am busy tomorrow|i am at the store|pick up the kids|what time are you coming|see you at {num}|i am sick today|
where are you|thank you for the gift|i will be out of the office|good luck""".replace("\n", "").split("|")
PRIVATE = """have an affair|earn more than me|drink a lot|have a criminal record|go to church|vote for the other party|live alone|have debts|
take drugs|have cancer|see a therapist|have a new boyfriend|lost the job|own a gun""".replace("\n", "").split("|")
PRIVATE_S = """is having an affair|lost the job|got fired|is getting divorced|is pregnant|has money trouble|stole from the shop|is gay|
has cancer|is on parole|was arrested|is moving out|failed the exam|is in debt|drinks too much|is dating someone""".replace(
    "\n", ""
).split("|")
ABUSIVE = """abusive|violent|manipulative|controlling|verbally abusive|emotionally abusive|an alcoholic|a narcissist|toxic|aggressive|
bipolar|depressed|suicidal|jealous|cheating|unfaithful|mean to me|drunk all the time""".replace("\n", "").split("|")
DID_M = """cheated on me|lied to me|left me|had an affair|hit me|yells at me|ignores me|does not trust me|watches porn|drinks too much|
blames me for everything|slept with my friend|called me names|kicked me out|does not want children|talks to other women|
stopped talking to me|threatens to leave|does not want to be intimate|makes me uncomfortable|does not respect me""".replace(
    "\n", ""
).split("|")
LIFE = """my {kin} left me|i lost my job|my {kin} died|i got divorced|i failed school|everyone hates me|my marriage is failing|i was abused|
i have no friends|i cannot stop drinking|i moved away from home|my parents fight|i miss my ex|nobody listens to me""".replace(
    "\n", ""
).split("|")
BAD = """my ex|the past|death|the accident|my childhood|what happened|my failed marriage|losing my {kin}|the abuse|my father|
an affair|the rape|the breakup|work stress|the war""".replace("\n", "").split("|")
LEGAL_ACT = """evict me|enter my apartment without notice|keep my deposit|fire me|cut my pay|take the kids|raise my rent|sue me|
read my emails|call the police on me|refuse to pay me|move out of state with our child|record me|search my car|
shut off the water|build on my property|not pay child support|make me work overtime|throw out my things""".replace(
    "\n", ""
).split("|")
LEGAL_NOUN = """wrongful termination|unpaid wages|medical malpractice|custody|child support|harassment|the deposit|defamation|a dog bite|
the car accident|breach of contract|noise|trespassing|discrimination|property damage|back rent|fraud|emotional distress""".replace(
    "\n", ""
).split("|")
LEGAL_DO = """break my lease|move out of state with my child|record my boss|withhold rent|quit without notice|stop paying rent|
drive without a license|skip jury duty|leave the country|refuse a breath test|not show up in court|keep the ring|
stop paying alimony|marry my cousin|overstay my visa|not pay the fine|plead guilty|sign the papers|transfer the title""".replace(
    "\n", ""
).split("|")
DID_L = """searched my car|entered without notice|refused to pay|fired me|took the kids|lost my passport|arrested me|sold my things|
violated the order|stopped paying child support|raised the rent|denied my leave|did not return the deposit""".replace(
    "\n", ""
).split("|")
CRIMES = [
    "theft",
    "assault",
    "dui",
    "drug possession",
    "fraud",
    "trespassing",
    "shoplifting",
    "domestic violence",
    "murder",
    "burglary",
    "vandalism",
    "stalking",
]
PERIODS = W("days weeks months years hours")
TIMES = [
    "yesterday",
    "last week",
    "monday",
    "this morning",
    "last month",
    "my childhood",
    "march",
    "the accident",
    "the divorce",
    "two weeks ago",
    "college",
]
MONTHS = W("january february march april may june july august september october november december")
DAYS = W("monday tuesday wednesday thursday friday saturday sunday today tomorrow")
PLACES = """france|london|china|brazil|texas|egypt|new york|italy|the nile|japan|india|africa|paris|rome|mexico|canada|ireland|norway|
kenya|chicago|sydney|hawaii|russia|spain|cuba|peru|alaska|berlin|tokyo|scotland|florida|the alps|australia|turkey|greece|
seattle|argentina|nigeria|poland|vietnam|south africa|iceland|the amazon|lake victoria|boston|philadelphia""".replace(
    "\n", ""
).split("|")
LANGUAGES = W(
    "french german spanish latin english japanese python java welsh greek arabic russian hindi swahili irish chinese"
)
THINGS = W(
    "book car boat clock phone lamp guitar bridge castle hat table chair bicycle camera candle mirror door window rocket "
    "train piano ladder drum basket umbrella tower wheel engine battery coin stamp map flag statue kite tent bottle cup "
    "balloon pencil marble crayon ticket sticker card toy box shirt shoe ring computer laptop robot airplane telescope "
    "compass microscope printer radio television keyboard sword shield crown temple pyramid museum library theatre app "
    "website movie painting sculpture newspaper magazine puzzle doll blender microwave refrigerator toaster"
)


def vocabulary(lists: dict[str, list[str]]) -> dict[str, list[str]]:
    """All slots; `lists` brings the diseases, medicines, animals, foods, plants ... of the dictionaries."""
    return {
        "kin": KIN,
        "body": BODY,
        "symptom": SYMPTOMS,
        "feeling": FEELINGS,
        "feeling_b": W("good fine lucky love happy free alive"),
        "mental": MENTAL,
        "job": JOBS,
        "adj": ADJ,
        "title_i": TITLES_I,
        "feat": FEAT,
        "feat_s": W("flies sings jumps dances"),
        "sport": SPORT,
        "science": SCIENCE + lists["science"],
        "event": EVENTS,
        "event_h": EVENTS_H,
        "shop": SHOPS,
        "bank": BANKS,
        "bill": BILLS,
        "spend": SPEND,
        "topic": TOPICS,
        "msg": MSGS,
        "private": PRIVATE,
        "private_s": PRIVATE_S,
        "abusive": ABUSIVE,
        "did_m": DID_M,
        "life_m": LIFE,
        "bad_m": BAD,
        "legal_act": LEGAL_ACT,
        "legal_noun": LEGAL_NOUN,
        "legal_do": LEGAL_DO,
        "did_l": DID_L,
        "crime": CRIMES,
        "period": PERIODS,
        "period_s": W("night day week morning"),
        "season_n": W("spring summer autumn winter may july"),
        "time": TIMES,
        "month": MONTHS,
        "day": DAYS,
        "place": PLACES + lists["place"],
        "language": LANGUAGES,
        "thing": THINGS + lists["thing"],
        "planet": W("mars venus jupiter saturn mercury"),
        "hurts": W("hurts aches burns itches"),
        "hurt": W("hurt ache burn itch swell"),
        "hurting": W("hurting aching itching bleeding burning"),
        "swollen": W("swollen red numb bruised infected bleeding stiff sore"),
        "bad_b": W("numb stiff cold hot swollen tight weak sore"),
        "bad": W("sick dizzy weak tired nauseous awful ill faint terrible bloated"),
        **lists,
    }


def random_number(rng: random.Random) -> str:
    """A number, a marker that the normaliser turns into <num>."""
    return str(rng.choice((3, 7, 12, 45, 130, 2100, 1999)))


class Generator:
    """Fills templates; the same seed gives the same sentences."""

    def __init__(self, lists: dict[str, list[str]], seed: int) -> None:
        self.rng = random.Random(seed)
        self.slots = vocabulary(lists)

    def expand(self, template: str) -> str:
        """One random sentence of the template."""
        text = template
        while "(" in text:  # innermost alternatives first
            text = re.sub(r"\(([^()]*)\)", lambda m: self.rng.choice(m[1].split("|")), text, count=1)
        text = text.replace("s?", self.rng.choice(("", "s")))
        while "{" in text:
            text = re.sub(r"\{(\w+)\}", lambda m: self.fill(m[1]), text, count=1)
        return " ".join(text.split())

    def fill(self, slot: str) -> str:
        """A filler for `slot`."""
        if slot in ("num", "year"):
            return random_number(self.rng)
        if slot == "amount":
            return f"{random_number(self.rng)} {self.rng.choice(W('dollars pounds euros'))}"
        if slot == "title":
            return " ".join(
                self.rng.choice([*TITLES, *ADJ, "the", "of", "and", *self.slots["thing"][:50]])
                for _ in range(self.rng.choice((1, 2, 2, 3)))
            )
        if slot == "secretish":  # a word nobody knows
            consonants, vowels = "bcdfghklmnprstvz", "aeiou"
            return "".join(self.rng.choice(consonants) + self.rng.choice(vowels) for _ in range(self.rng.randint(2, 4)))
        return self.rng.choice(self.slots[slot])

    def story(self) -> str:
        """A word problem for school: someone else's oranges, dollars and hours, and a question."""
        r, f = self.rng, self.fill
        a, b = f("name"), f("name")
        first_person = r.random() < 0.12
        thing = (r.choice(THINGS) if r.random() < 0.5 else r.choice(self.slots[r.choice(("food", "animal"))])) + "s"
        other = r.choice([*THINGS, *self.slots["food"][:200]]) + "s"
        who = (
            "i"
            if first_person
            else r.choice(
                (
                    a,
                    a,
                    a,
                    f"the {r.choice(JOBS)}",
                    f"{a}'s {r.choice(KIN)}",
                    f"a {r.choice(W('store shop farm school bakery class factory company zoo hospital bank library'))}",
                    f"{a} and {b}",
                    f"{a} and {r.choice(('his', 'her'))} {r.choice(KIN)}",
                )
            )
        )
        he = "i" if first_person else r.choice(("he", "she", "they"))
        his = "my" if first_person else r.choice(("his", "her", "their"))

        def n():
            return random_number(r)

        def money() -> str:
            return f"{n()} dollars"

        place = r.choice(
            (
                "the store",
                "school",
                "work",
                "the park",
                "the farm",
                "the market",
                "a garage sale",
                "the zoo",
                "the fair",
                "the bank",
                "the doctor",
                "the beach",
            )
        )
        facts = [
            f"{who} has {n()} {thing}",
            f"{who} bought {n()} {thing} at {place} for {money()} each",
            f"{he} gave {n()} of them to {his} {r.choice(KIN)}",
            f"{he} gives {b} {n()} {thing} and keeps the rest",
            f"each {r.choice(('box', 'bag', 'pack', 'jar', 'shelf'))} has {n()} {thing}",
            f"{b} has {n()} more {thing} than {a}",
            f"{a} has twice as many {thing} as {b}",
            f"a {thing[:-1]} costs {money()} and a {other[:-1]} costs {money()}",
            f"{he} sells the {thing} for {money()} a dozen",
            f"{who} works {n()} hours a day for {n()} days a week and earns {money()} an hour",
            f"{who} drives {n()} miles in {n()} hours",
            f"on monday {he} read {n()} pages and on tuesday {n()} pages",
            f"{n()} percent of the {thing} are red and the rest are blue",
            f"{he} ate {n()} {thing} and {n()} {other}",
            f"{he} lost {n()} {thing}",
            f"{who} is {n()} years old and {b} is {n()} years younger",
            f"{his} {r.choice(KIN)} gave {'me' if first_person else 'him'} {money()}",
            f"{who} needs {n()} {thing} for {his} {r.choice(W('party wedding garden class project trip birthday'))}",
            f"half of the {thing} were broken",
            f"the {thing} weigh {n()} pounds",
            f"{he} spends a third of it on {other} and saves the rest",
            f"there are {n()} {thing} in the {r.choice(THINGS)}",
            f"there are three times as many {thing} as {other}",
            f"{a} takes {n()} pills a day and each bottle has {n()} pills",
            f"{who} pays {money()} a month for rent and {money()} for food",
            f"the bill was {money()} and they left a {n()} percent tip",
            f"{he} puts {money()} in a savings account with {n()} percent interest",
            f"{a} lost {n()} pounds in {n()} weeks",
            f"the {r.choice(JOBS)} needs {n()} hours for each {thing[:-1]}",
            f"{a} ran {n()} laps and {b} ran {n()} laps",
            f"a {r.choice(JOBS)} makes {money()} a week",
            f"{he} wants to buy a {r.choice(THINGS)} that costs {money()}",
            f"the hospital has {n()} nurses for each doctor",
            f"{a} baked {n()} cakes",
            f"{a} slept {n()} hours",
            f"{a}'s doctor sees {n()} patients an hour",
            f"{who} borrowed {money()} from {his} {r.choice(KIN)}",
        ]
        asks = [
            f"how many {thing} {'do' if first_person else 'does'} {he} have left",
            f"how many {thing} are there in total",
            f"how much did {he} spend",
            f"how much money does {he} make in a week",
            f"how many {thing} does {b} have",
            f"how many more {thing} does {a} have than {b}",
            f"what is the total cost of the {thing}",
            "how long will it take",
            f"how old will {b} be in {n()} years",
            f"how much more did {a} pay than {b}",
            f"how many miles did {he} drive",
            f"what percent of the {thing} are red",
            f"how many {thing} can {he} buy",
            f"how much change does {he} get",
            f"how many hours does {he} work",
            f"calculate the total number of {thing}",
            "find the average",
            f"how much does each {thing[:-1]} weigh",
            f"how much profit did {he} make",
            f"how many pages did {he} read",
            f"how much money did {he} save in a year",
            "how many days does it last",
            f"how much does {a} have to pay",
            "what is the sum of their ages",
            f"how many weeks until {he} can buy it",
        ]
        parts = r.sample(facts, r.randint(1, 4))
        if r.random() < 0.2:
            return f"if {' and '.join(parts)} {r.choice(asks)}"
        return " ".join([*parts, r.choice(asks)])


def templates(name: str) -> list[str]:
    """The template lines of sentences/<name>.txt."""
    lines = (HERE / "sentences" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
