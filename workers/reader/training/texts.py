"""What people write into fields: invented values, in the case they would use, and strings for the rare characters."""

import random
from pathlib import Path

from alphabet import CHARACTERS, DIGITS, LETTERS, plain
from fields import value

RARE = "'-.,/@_+&():;#!?\"*=%"


def field_texts(data: Path) -> list[str]:
    """The invented field values that our characters can spell."""
    lines = (data / "field_texts.txt").read_text(encoding="utf-8").splitlines()
    return [text for text in map(plain, lines) if text]


def written(rng: random.Random, texts: list[str], longest: int) -> str:
    """One text as a person writes it into a comb: mostly capitals; now and then a string that balances the classes."""
    kind = rng.random()
    length = rng.randint(3, longest)
    if kind < 0.60:
        text = rng.choice(texts)
        case = rng.random()
        text = text.upper() if case < 0.72 else text.lower() if case < 0.80 else text
    elif kind < 0.72:
        text = "".join(rng.choice(DIGITS) for _ in range(length))
    elif kind < 0.86:
        text = "".join(rng.choice(LETTERS) for _ in range(length))
    elif kind < 0.93:
        text = "".join(rng.choice(LETTERS.lower()) for _ in range(length))
    else:
        text = "".join(rng.choice(CHARACTERS if rng.random() < 0.5 else RARE) for _ in range(length))
    start = rng.randint(0, max(0, len(text) - longest))
    return text[start : start + longest].strip() or "A"


NAMES_AND_WORDS, NUMBERS, POSTCODES, ADDRESSES = 0.34, 0.70, 0.82, 0.93
"""Running shares of what stands in combs; the rest is e-mail addresses left over, and anything."""


def in_comb(rng: random.Random, texts: list[str]) -> str:
    """One text as it stands in the cells of a form, in about the proportions of our forms."""
    kind = rng.random()
    if kind < NAMES_AND_WORDS:
        fits = lambda t: 2 <= len(t) <= 24 and all(c.isalpha() or c in "'- " for c in t)
        text = next(t for t in iter(lambda: rng.choice(texts), None) if fits(t))
        return text.upper() if rng.random() < 0.85 else text
    if kind < NUMBERS:
        number = rng.random()
        if number < 0.36:
            return value(rng, "date", texts)
        return value(rng, "phone", texts) if number < 0.66 else "".join(rng.choice(DIGITS) for _ in range(10))
    if kind < POSTCODES:
        text = value(rng, "postcode", texts)
        return text if rng.random() < 0.5 else f"{text[:-3]} {text[-3:]}"
    if kind < ADDRESSES:
        text = value(rng, "email", texts)
        return text.lower() if rng.random() < 0.62 else text.upper()
    return written(rng, texts, 22)


def on_line(rng: random.Random, texts: list[str], longest: int) -> str:
    """One line of free writing: addresses, names and the like, mostly in mixed case."""
    fits = lambda t: len(t) <= longest and (" " in t or rng.random() < 0.3)
    text = next(t for t in iter(lambda: rng.choice(texts), None) if fits(t))
    case = rng.random()
    return text.title() if case < 0.45 else text.upper() if case < 0.7 else text.lower() if case < 0.8 else text
