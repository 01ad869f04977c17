"""Half an hour of sound that is no request: everyday noise, and other languages. For measuring false commands.

    python -m scripts.hearing.foreign --seed 1 --out work/foreign      writes FLAC files and manifest.jsonl

The noises are drawn anew (another seed than the training's); the languages are espeak-ng's with held-out
voices. Measure it with
`assistant eval speech work/foreign/manifest.jsonl --out predictions.jsonl` or `scripts.hearing.evaluate --others`.
"""

import argparse
import json
import random
import sys
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from scripts.hearing.acoustics import RATE, noise
from scripts.hearing.voices import Espeak

SENTENCES = {
    "de": ["Morgen fahren wir mit dem Zug nach Hamburg.", "Hast du den Schlüssel gesehen?",
           "Das Essen steht auf dem Tisch.", "Er hat gestern den ganzen Tag gelesen.",
           "Mach bitte das Fenster zu."],
    "fr": ["Nous partons demain matin à la mer.",
           "Où as-tu mis les clés de la voiture ?", "Le repas est presque prêt.",
           "Il pleut depuis trois jours.", "Ferme la porte, s'il te plaît."],
    "es": ["Mañana vamos al mercado con la abuela.", "¿Dónde están mis gafas?", "La cena está casi lista.",
           "Ayer estuvimos en casa de Pedro.", "Cierra la ventana, por favor."],
    "it": ["Domani andiamo in montagna con gli amici.", "Hai visto il mio cappello?", "Il pranzo è quasi pronto.",
           "Ieri sera abbiamo guardato un film.", "Chiudi la porta, per favore."],
    "nl": ["Morgen gaan we met de trein naar Utrecht.", "Heb je mijn sleutels gezien?", "Het eten is bijna klaar.",
           "Hij heeft de hele dag gewerkt."],
    "sv": ["I morgon åker vi till havet.", "Har du sett mina glasögon?", "Maten är nästan färdig.",
           "Han läste hela dagen."],
    "pl": ["Jutro jedziemy pociągiem do Krakowa.", "Czy widziałeś moje klucze?", "Obiad jest prawie gotowy."],
    "pt": ["Amanhã vamos à praia com os amigos.", "Onde estão as minhas chaves?", "O jantar está quase pronto."],
    "tr": ["Yarın trenle Ankara'ya gidiyoruz.", "Anahtarlarımı gördün mü?", "Yemek neredeyse hazır."],
    "cs": ["Zítra jedeme vlakem do Brna.", "Neviděl jsi moje klíče?", "Oběd je skoro hotový."],
    "fi": ["Huomenna matkustamme junalla Turkuun.", "Oletko nähnyt avaimeni?", "Ruoka on melkein valmista."],
    "hu": ["Holnap vonattal megyünk Szegedre.", "Nem láttad a kulcsaimat?", "Mindjárt kész az ebéd."],
}  # fmt: skip


class Foreigner(Espeak):
    """espeak-ng in another language, with the voices that training never heard."""

    def __init__(self, language: str) -> None:
        super().__init__(test=True)
        self._accents = (language,)


def pieces(rng: np.random.Generator, dice: random.Random, minutes: float) -> list[tuple[str, NDArray[np.float32]]]:
    """Half noises of 5 s, half sentences with 0.5 s around them; (name, samples in ±1 at about -26 dB)."""
    found: list[tuple[str, NDArray[np.float32]]] = []
    speech = []
    seconds = 0.0
    while seconds < minutes * 30:
        language = dice.choice(sorted(SENTENCES))
        said = Foreigner(language).say(dice.choice(SENTENCES[language]), dice)
        if said is None:
            continue
        wave = soxr.resample(said[0], said[1], RATE)
        wave = np.pad(wave / (np.abs(wave).max() + 1e-9), RATE // 2) * 0.3
        wave += rng.normal(0, 10 ** (-dice.uniform(45, 70) / 20), len(wave))
        found.append((f"language-{language}", wave.astype(np.float32)))
        speech.append(wave.astype(np.float32))
        seconds += len(wave) / RATE
    seconds = 0.0
    while seconds < minutes * 30:
        wave = noise(rng, 5.0, speech) * 10 ** (-dice.uniform(18, 40) / 20)
        found.append(("noise", np.clip(wave, -1, 1).astype(np.float32)))
        seconds += 5.0
    return found


def main() -> int:
    """Write the set."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--minutes", type=float, default=30.0)
    options.add_argument("--out", type=Path, required=True)
    args = options.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (name, wave) in enumerate(
        pieces(np.random.default_rng(args.seed), random.Random(args.seed), args.minutes)
    ):
        file = f"{number:04d}-{name}.flac"
        soundfile.write(args.out / file, wave, RATE)
        rows.append(
            {"file": file, "seconds": round(len(wave) / RATE, 2), "source": name, "text": None, "recorded": False}
        )
    (args.out / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    print(f"{args.out}: {len(rows)} pieces, {sum(row['seconds'] for row in rows) / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
