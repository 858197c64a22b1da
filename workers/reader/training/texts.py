"""What people write into fields: invented values, in the case they would use, and strings for the rare characters."""

import random
from pathlib import Path

from alphabet import CHARACTERS, DIGITS, LETTERS, plain

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
