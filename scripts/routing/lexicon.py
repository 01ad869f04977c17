#!/usr/bin/env python3
# ruff: noqa: E501, E741, SIM905, ANN202, ANN001 - vocabulary and templates read better in long lines
"""Make models/embedded/privacy/lexicon.npz: which words name illnesses, medicines, body parts, kin, money, crimes ...

    apt-get install wordnet-base
    pip download --no-deps -d DIR simple-icd-10-cm==1.5.0 drug-named-entity-recognition==2.0.9   (and unzip both in DIR)
    python scripts/routing/lexicon.py DIR

Sources are dictionaries and nomenclatures, not sentences: Princeton WordNet 3.0 (its licence stands beside the
file), the disease titles of ICD-10-CM (a work of the United States government) and a list of medicine names.
Only hashes of words and a bit mask for each are kept.
"""

import bz2
import json
import pickle
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from assistant.routing.lexicon import CONCEPTS, word_hash

WORDNET = Path("/usr/share/wordnet")
OUT = Path(__file__).resolve().parents[2] / "models/embedded/privacy/lexicon.npz"

# WordNet subtrees by (concept, lemma, words that its gloss must contain)
ROOTS = [
    ("illness", "disease", "impairment of health"),
    ("illness", "disorder", "physical condition in which"),
    ("illness", "injury", "physical damage to the body"),
    ("illness", "pathological_state", ""),
    ("illness", "symptom", "any sensation or change in bodily function"),
    ("illness", "tumor", "abnormal new mass"),
    ("illness", "infection", "pathological state"),
    ("illness", "defect", "imperfection in a bodily"),
    ("illness", "pregnancy", "state of being pregnant"),
    ("illness", "pain", "symptom of some physical hurt"),
    ("mental", "mental_illness", ""),
    ("mental", "mental_disorder", ""),
    ("mental", "phobia", ""),
    ("mental", "depression", "mental state"),
    ("mental", "anxiety", ""),
    ("mental", "psychological_disorder", ""),
    ("medicine", "medicine", "something that treats"),
    ("medicine", "drug", "substance that is used as a medicine"),
    ("medicine", "vaccine", ""),
    ("medicine", "hormone", "secretion"),
    ("body", "body_part", "any part of an organism"),
    ("body", "body_substance", ""),
    ("care", "medical_procedure", ""),
    ("care", "medical_care", ""),
    ("care", "medical_practitioner", ""),
    ("care", "hospital", "health facility"),
    ("care", "therapy", "act of caring"),
    ("care", "medical_science", ""),
    ("kin", "relative", "person related by blood"),
    ("kin", "spouse", "partner in marriage"),
    ("crime", "crime", "act punishable"),
    ("law", "legal_proceeding", ""),
    ("law", "lawyer", ""),
    ("law", "legal_document", ""),
    ("money", "debt", ""),
    ("money", "tax", "charge against"),
    ("money", "loan", ""),
    ("money", "financial_institution", ""),
    ("money", "income", "financial gain"),
    ("money", "insurance", "promise of reimbursement"),
    ("animal", "animal", "living organism"),
    ("food", "food", "any substance that can be metabolized"),
    ("plant", "plant", "living organism lacking"),
    ("place", "country", "territory occupied"),
    ("place", "city", "large and densely"),
    ("place", "district", "region marked off"),
    ("place", "body_of_water", ""),
    ("place", "mountain", "land mass"),
    ("thing", "artifact", "man-made object"),
    ("work", "creation", "artifact that has been brought"),
    ("work", "music", "artistic form"),
    ("work", "show", ""),
    ("science", "science", "particular branch"),
    ("science", "chemical_element", ""),
    ("science", "celestial_body", ""),
    ("person", "leader", "person who rules"),
    ("person", "entertainer", ""),
    ("person", "worker", "person who works"),
    ("sport", "sport", "active diversion"),
    ("sport", "game", ""),
    ("event", "war", ""),
    ("event", "contest", ""),
    ("measure", "unit_of_measurement", ""),
    ("time", "time_period", ""),
    ("language", "language", "systematic means"),
]

# words that are rarely meant in the concept's sense, or that everyday questions are full of
STOP = set(
    """
    a an the of in on at to for and or not no with without by from other unspecified due type as is it all any he
    she they we i you up down out off over under about part parts use used case common general major minor mass
    line point head hand hands face foot feet arm arms leg legs back eye eyes heart body bodies mouth nose bone
    bones blood cell cells hair skin ear ears finger fingers tooth teeth tongue shoulder shoulders neck brain
    muscle crown trunk root base horn tail wing wings beak feather feathers shell fin scale claw paw hoof snout
    mane egg eggs milk water air iron gold silver salt sugar oil honey ice wine beer alcohol coffee tea tobacco
    coke speed grass pot crack acid snow horse smack weed dope joint china high low ball hot cold chill burn cut
    strain shock stress break fall strike stroke crash block press lock wound fit attack growth loss change lack
    mark spot jam ring disc disk organ temple palm sole calf nail nails pupil lens iris lid drum canal column
    chest stomach belly waist lap hip knee elbow chin cheek lip lips forehead jaw throat trap rock bug bugs virus
    plague blues slump glow upset tears sweat leak plug stone stones gas seal seals chip bite sting tie spell turn
    crossing delivery labor labour birth children child people person men women man woman male female life light
    sound star white black red blue green yellow orange north south east west new old young early late first
    second third one two three four five six seven eight nine ten place places site fire animals animal bird birds
    dog cat motor car bus vehicle train aircraft ship boat bicycle railway pedestrian driver passenger occupant
    street road house home school sports area court pool park garden room kitchen bathroom garage hotel prison
    farm industrial collision encounter initial subsequent sequela left right upper lower both side level open
    closed fracture-like game games sport activity activities explosion flames smoke tree ladder stairs chair bed
    wheelchair military war operations legal intervention weapon firearm gunfire rifle knife glass machine
    machinery tools powered tool appliance baseball football basketball tennis golf ski skating surfing swimming
    dr copy lie play will may march set can don hope sis pop gran great-aunt cousin friend mortal mother-ship
    family fathers sister's bank banks tax mint fund
    """.split()
)

OWN = {
    "kin": """mother mom mum mommy mummy father dad daddy parent parents son sons daughter daughters brother brothers sister
        sisters husband wife spouse partner boyfriend girlfriend fiance fiancee ex ex-wife ex-husband ex-boyfriend
        ex-girlfriend kid kids baby toddler child children grandmother grandma grandfather grandpa grandson
        granddaughter grandchild uncle aunt auntie niece nephew cousin cousins family stepmother stepfather stepdad stepmom
        stepson stepdaughter sibling siblings roommate flatmate neighbour neighbor neighbors neighbours landlord landlady
        boss coworker colleague friend friends bestie lover mistress newborn infant teenager teen grandparents in-laws
        mother-in-law father-in-law hubby babysitter nanny tenant supervisor teacher""",
    "money": """bank banking account accounts w2s 1099 1040 p60 payslips overdraft mortgage loan loans debt debts creditor lender paycheck payslip salary
        wage wages payroll payday pension annuity 401k ira roth rollover tax taxes refund w2 w-2 irs hmrc audit bankruptcy
        bankrupt savings deposit deposits withdrawal withdraw withdrawn transfer transfers transferred transaction
        transactions payment payments payee beneficiary debit debited credited creditcard visa mastercard amex maestro atm
        cashpoint cash-machine cheque cheques checkbook chequebook cheque-book statement statements apr topup top-up
        top-ups topping topped routing iban swift bic sepa wire cashback reimbursement reimbursed chargeback insurance
        insurer premium deductible invoice invoices bill bills billing paypal venmo zelle cashapp revolut monzo
        chase citibank barclays hsbc natwest lloyds santander wells fargo capital-one discover amex bitcoin crypto wallet
        portfolio brokerage dividend stocks shares investments escrow alimony equity refinance repayment repayments
        instalment installment installments arrears foreclosure repossession repossessed collections payoff
        fico score creditworthiness direct-debit standing-order fraud fraudulent unauthorised unauthorized
        fund funds finances financial cash money rent afford bank's surcharge charged fee fees currency currencies exchange fiat pin contactless""",
    "secret": """password passwords passcode passcodes pin pins pincode passphrase login logins username credentials
        cvv cvc cvv2 otp token 2fa authenticator keycode combination unlock ssn social-security passport licence license
        licence-number nino national-insurance username wifi wi-fi""",
    "mental": """depressed depression anxious anxiety panic suicidal suicide self-harm selfharm ptsd trauma traumatized traumatised
        traumatic bipolar schizophrenia schizophrenic adhd ocd insomnia anorexia anorexic bulimia bulimic therapist
        therapists therapy counselor counsellor counseling counselling psychiatrist psychiatric psychologist
        psychotherapy hopeless worthless lonely loneliness overwhelmed burnout grief grieving paranoid paranoia
        flashbacks nightmares addicted addiction addict alcoholic alcoholism abusive abused abuse abuser molested raped
        rape assaulted bullied bullying jealousy jealous cheated cheating intimacy breakup breakups divorce
        self-esteem selfesteem codependent narcissist narcissistic gaslighting manipulative autism autistic asperger
        antidepressant antidepressants breakdown breakdowns moody rage dissociation hallucinations delusions
        borderline hoarding phobia phobias obsessed compulsive intrusive""",
    "illness": """symptom symptoms diagnosis diagnosed diagnose diagnosing prognosis disease diseases disorder disorders syndrome
        syndromes illness illnesses sick ill sickness cancer cancers tumor tumour tumors leukemia diabetes diabetic
        asthma allergy allergies allergic fever infection infections infected rash itch itchy itching itches swollen
        swelling bleeding pregnant pregnancy miscarriage miscarry infertility infertile menopause menstrual period-pain
        ovulation ovulating diarrhea diarrhoea constipation constipated vomiting vomit nausea nauseous dizzy dizziness
        headache headaches migraine migraines cough coughing flu influenza covid hiv aids std stds sti herpes chlamydia
        gonorrhea hpv uti thrush ulcer ulcers hernia cyst cysts lump lumps mole moles wart warts acne eczema psoriasis
        arthritis fracture fractured sprain sprained numb numbness tingling sore soreness hurts aching ache aches pain
        pains painful cramps cramping spotting discharge bloating bloated indigestion heartburn reflux seizure seizures
        stroke epilepsy hypertension cholesterol obesity obese overweight bmi comatose deficiency deficiencies
        hereditary-disease inherited palsy dementia alzheimer alzheimers parkinson parkinsons erectile impotence libido
        incontinence snoring apnea cataract glaucoma hepatitis tuberculosis malaria pneumonia bronchitis sinusitis
        tonsillitis appendicitis anemia anaemia hemorrhoid hemorrhoids haemorrhoids varicose jaundice dehydration
        concussion contagious genetic-disorder congenital poisoning poisoned toxicity intoxication triglyceride triglycerides hemoglobin
        haemoglobin hematocrit platelets glucose creatinine antibody antibodies antigen immune immunity ketones ferritin
        biomarker biomarkers comorbidity symptomatic asymptomatic incompatibility chronic acute relapse remission metastatic tremor""",
    "medicine": """medication medications medicine medicines meds drug-dose dose doses dosage dosing pill pills tablet prescription
        prescriptions prescribed prescribe antibiotic antibiotics painkiller painkillers steroid steroids
        contraceptive contraception tylenol advil ibuprofen aspirin paracetamol acetaminophen viagra cialis xanax prozac
        zoloft lexapro adderall ritalin melatonin insulin vaccine vaccines vaccination vaccinated ointment inhaler
        supplement supplements vitamin vitamins birth-control morphine opioid opioids suppository injection injections
        topical ophthalmic overdose""",
    "care": """doctor doctors dr physician surgeon surgeons surgery surgeries surgical nurse dentist dental dermatologist
        gynecologist gynaecologist cardiologist neurologist urologist oncologist pediatrician paediatrician orthodontist
        hospital hospitals clinic clinics emergency-room biopsy mri xray x-ray ultrasound ct-scan colonoscopy mammogram
        chemo chemotherapy radiation-therapy dialysis transplant transplants ivf implant circumcision abortion
        c-section anesthesia anaesthesia rehab checkup check-up screening patient patients ward icu
        treatment treatments treat treated cure cured remedy remedies physiotherapy midwife gp""",
    "sex": """sex sexual sexually penis vagina vaginal orgasm erection ejaculate ejaculation masturbate masturbating
        masturbation porn pornography condom condoms intercourse foreplay virgin virginity testicle testicles testicular
        scrotum clitoris foreskin anal anus semen sperm breasts nipple nipples prostitute genital genitals horny""",
    "law": """lawyer lawyers attorney attorneys solicitor solicitors barrister sue sued suing lawsuit lawsuits custody
        eviction evict evicted lease leases landlord tenant deposit-dispute probation parole bail felony misdemeanor
        misdemeanour warrant subpoena restraining-order custody-battle divorce alimony visitation guardianship probate
        inheritance executor will-and-testament visa-status deport deported deportation immigration asylum citizenship
        green-card uscis expunge expunged conviction convicted arrested arrest charges dui dwi trespassing
        harassment harassed discriminated discrimination unemployment-benefits wrongful termination liability
        liable settlement plaintiff defendant landlord-tenant ordinance hoa easement small-claims mediation
        police cps court-date court-order hearing jury-duty illegal legally speeding ticket-court notary""",
    "contact": """email emails e-mail inbox mail text texts sms message messages voicemail voicemails contact contacts
        phonebook whatsapp facebook instagram twitter snapchat linkedin tweet tweets dm dms call calls caller calling
        unread calendar appointment appointments meeting meetings schedule reminder location gps whereabouts address
        addresses birthday nickname pto vacation timesheet""",
}
NAMES = (Path(__file__).with_name("names.txt")).read_text(encoding="utf-8").split()


def wordnet() -> tuple[dict[str, dict], dict[str, list[tuple[str, int]]]]:
    """Noun synsets by offset, and each lemma's senses in order with how often each was counted."""
    synsets, senses = {}, defaultdict(list)
    for line in (WORDNET / "data.noun").read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            continue
        head, gloss = line.split(" | ", 1)
        f = head.split()
        count = int(f[3], 16)
        words = [f[4 + 2 * i].lower() for i in range(count)]
        rest = f[4 + 2 * count :]
        pointers = [(rest[i], rest[i + 1]) for i in range(1, 4 * int(rest[0]), 4) if rest[i + 2] == "n"]
        synsets[f[0]] = {
            "words": words,
            "gloss": gloss,
            "hyper": [o for p, o in pointers if p == "@"],
            "instance": [o for p, o in pointers if p == "@i"],
        }
    for line in (WORDNET / "index.noun").read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            continue
        f = line.split()
        n = int(f[2])
        senses[f[0]] = [(o, i) for i, o in enumerate(f[-n:])]
    return synsets, senses


def main() -> None:
    source = Path(sys.argv[1])
    synsets, senses = wordnet()
    children = defaultdict(list)
    for offset, s in synsets.items():
        for h in s["hyper"]:
            children[h].append(offset)
    instances = defaultdict(list)  # named ones: a country, a war; no physicians and lawyers
    for offset, s in synsets.items():
        for h in s["instance"]:
            instances[h].append(offset)
    concept_of: dict[str, set[str]] = defaultdict(set)  # synset -> concepts
    for concept, lemma, needle in ROOTS:
        found = [o for o, _ in senses[lemma] if needle in synsets[o]["gloss"]]
        if not found:
            print("no root", concept, lemma, needle)
        todo = found[:1] if not needle else found
        while todo:
            o = todo.pop()
            if concept not in concept_of[o]:
                concept_of[o].add(concept)
                todo += children[o] + (
                    instances[o] if concept in ("place", "event", "work", "science", "person") else []
                )
    counted: dict[str, Counter] = defaultdict(
        Counter
    )  # lemma -> how often each noun sense, and all others together, were met
    for line in (WORDNET / "cntlist.rev").read_text(encoding="utf-8").splitlines():
        key, sense, n = line.split()
        lemma, rest = key.split("%")
        counted[lemma][int(sense) if rest[0] == "1" else 0] += int(n)
    words: dict[str, int] = defaultdict(int)
    health = {"illness", "mental", "medicine", "body", "care"}
    for lemma, list_ in senses.items():
        text = lemma.replace("_", " ").replace("-", " ")
        if lemma in STOP or len(text) < 3 or text.count(" ") > 2:
            continue
        total = sum(counted[lemma].values())
        meant = sum(counted[lemma][rank + 1] for o, rank in list_ if concept_of.get(o, set()) & health)
        everyday = total >= 3 and meant < 0.3 * total  # "small" is seldom the small of the back
        for o, rank in list_:
            if everyday and concept_of.get(o, set()) & health:
                continue
            for c in concept_of.get(o, ()):
                # a word counts for what it means first; a rarer sense counts only for health, where it is the second
                if rank == 0 or (c in health and rank == 1 and len(list_) <= 3):
                    words[text] |= 1 << CONCEPTS.index(c)
    common = {l for l, s in senses.items() if "_" not in l}
    for w in [w for w, m in words.items() if m >> CONCEPTS.index("food") & 1]:
        words[w] &= ~(1 << CONCEPTS.index("medicine"))  # drinks are no medicines
    known = set(words)
    adjectives = {
        l.split()[0]
        for part in ("adj", "verb", "adv")
        for l in (WORDNET / f"index.{part}").read_text().splitlines()
        if not l.startswith("  ")
    }

    def forms(w):
        return {
            w,
            *(
                w[: -len(e)] + i
                for e in ("ed", "ing", "s", "es", "ly", "d", "er", "ers")
                for i in ("", "e")
                if w.endswith(e)
            ),
        }

    plain = adjectives | common

    def everyday_word(w):
        return bool(forms(w) & plain)

    icd: dict[str, int] = defaultdict(int)
    xml = (source / "simple_icd_10_cm/data/icd10c-tabular-April-1-2026.xml").read_text(encoding="utf-8")
    chapter = re.split(r"<chapter>", xml)[1:]
    for number, text in enumerate(chapter, 1):
        if number > 19:  # later chapters: external causes, codes for administration
            break
        for title in re.findall(r"<(?:desc|note)>([^<]+)</(?:desc|note)>", text):
            for w in re.findall(r"[a-z]+", title.lower().replace("'s", "")):
                icd[w] += 1
    medical = re.compile(r"(itis|osis|emia|pathy|oma|algia|plegia|uria|rrhea|ectomy)$")
    for w in icd:
        # a word of the nomenclature that the general dictionary lacks is a medical one if it is long or sounds so
        unknown = len(w) >= 5 and w not in STOP and not everyday_word(w) and w not in known
        if unknown and (len(w) >= 8 or medical.search(w)):
            words[w] |= 1 << CONCEPTS.index("illness")

    class Plain(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            raise pickle.UnpicklingError(f"{module}.{name}: only plain data is read")

    with bz2.open(source / "drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2") as stream:
        drugs = Plain(stream).load()
    medline = {k for k, v in drugs["drug_canonical_to_data"].items() if v.get("medline_plus_id")}
    for variant, canon in drugs["drug_variant_to_canonical"].items():
        from_medline = any(c in medline for c in canon)
        w = variant.lower()
        if not re.fullmatch(r"[a-z]{5,}", w) or w in STOP or w in adjectives:
            continue
        if w in common and not (words.get(w, 0) & (1 << CONCEPTS.index("medicine"))):
            continue
        if (
            len(w) < 6
            or (everyday_word(w) and not words.get(w, 0) >> CONCEPTS.index("medicine") & 1)
            or words.get(w, 0) >> CONCEPTS.index("person") & 1
        ):
            continue
        stem = re.search(
            r"(mab|nib|vir|pril|sartan|statin|olol|azole|cillin|mycin|micin|cycline|oxacin|pam|lam|barbital|"
            r"caine|dipine|setron|tidine|prazole|triptan|gliptin|gliflozin|glutide|parin|platin|rubicin|taxel|"
            r"tinib|sone|solone|lukast|terol|zosin|dronate|idone|apine|pine|oxetine|ptyline|amide|zide|ine|in|ate|ide|ol|one)$",
            w,
        )
        if from_medline or stem:
            words[w] |= 1 << CONCEPTS.index("medicine")
    for concept, text in OWN.items():
        for w in text.split():
            words[w.replace("-", " ")] |= 1 << CONCEPTS.index(concept)
            words[w] |= 1 << CONCEPTS.index(concept)
    for n in NAMES:
        words[n.lower()] |= 1 << CONCEPTS.index("name")
    vocabulary = {c: sorted(w for w, m in words.items() if m >> i & 1) for i, c in enumerate(CONCEPTS)}
    titles = {
        " ".join(re.findall(r"[a-z']+", t.lower()))
        for t in re.findall(r"<(?:desc|note)>([^<]+)</", "".join(chapter[:14]))
    }
    vocabulary["disease"] = sorted(
        t for t in titles if 1 <= t.count(" ") + 1 <= 4 and "unspecified" not in t and "other" not in t
    )
    vocabulary["medline"] = sorted(m for m in medline if re.fullmatch(r"[a-z -]+", m))
    (source / "vocabulary.json").write_text(json.dumps(vocabulary))  # for train.py; not shipped
    hashes = np.array([word_hash(w) for w in words], dtype=np.uint32)
    masks = np.array(list(words.values()), dtype=np.uint32)
    order = np.argsort(hashes)
    hashes, masks = hashes[order], masks[order]
    keep = np.concatenate([[True], hashes[1:] != hashes[:-1]])
    np.savez_compressed(OUT, hashes=hashes[keep], masks=masks[keep])
    print(len(words), "words", OUT.stat().st_size, "bytes")
    for i, c in enumerate(CONCEPTS):
        members = [w for w, m in words.items() if m >> i & 1]
        print(f"{c:9} {len(members):6}", members[:: max(1, len(members) // 14)][:14])


if __name__ == "__main__":
    main()
