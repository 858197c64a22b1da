"""Field values for an evaluation: only what one writer can write with characters of their own."""

import random

from alphabet import DIGITS, LETTERS

KINDS = ("surname", "date", "postcode", "phone", "email")
POSTCODE_SHAPES = ("A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA")
INWARD_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


def value(rng: random.Random, kind: str, texts: list[str]) -> str:
    """One value as it stands in the cells: no separators in dates and phones, a postcode without its space."""
    if kind == "date":
        return f"{rng.randint(1, 28):02}{rng.randint(1, 12):02}{rng.randint(1945, 2025)}"
    if kind == "phone":
        return rng.choice(["07", "01", "02"]) + "".join(rng.choice(DIGITS) for _ in range(9))
    if kind == "postcode":
        shape = rng.choice(POSTCODE_SHAPES).replace(" ", "")
        letters = lambda k: INWARD_LETTERS if k >= len(shape) - 2 else LETTERS
        return "".join(rng.choice(letters(k) if s == "A" else DIGITS) for k, s in enumerate(shape))
    if kind == "email":
        return next(t for t in iter(lambda: rng.choice(texts), None) if "@" in t and len(t) <= 28)
    fits = lambda t: 3 <= len(t) <= 14 and all(c.isalpha() or c in "'-" for c in t)
    return next(t for t in iter(lambda: rng.choice(texts), None) if fits(t)).upper()


def writable(rng: random.Random, kind: str, texts: list[str], own: dict, tries: int) -> list[str]:
    """Values of a kind that a writer has all characters for; e-mails in small letters or else in capitals."""
    found = []
    for _ in range(tries):
        text = value(rng, kind, texts)
        for form in (text, text.lower(), text.upper()) if kind == "email" else (text,):
            if all(c in own for c in form):
                found.append(form)
                break
    return found
