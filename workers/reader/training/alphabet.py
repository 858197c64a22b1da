"""The characters a network can answer with, and what may stand for what in a field."""

import unicodedata

CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'-.,/@_+&():;#!?\"*=%"
"""Class k of the cells network is character k - 1; class 0 is "not a character"."""

LINE_CHARACTERS = " " + CHARACTERS
"""Class k of the line network is character k - 1; class 0 is the CTC blank."""

NOT_A_CHARACTER = 0
CELL_CLASS = {character: k + 1 for k, character in enumerate(CHARACTERS)}
LINE_CLASS = {character: k + 1 for k, character in enumerate(LINE_CHARACTERS)}

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
FIELD_ALPHABETS = {
    "surname": LETTERS + "'-",
    "date": DIGITS,
    "phone": DIGITS,
    "postcode": LETTERS + DIGITS,
    "email": LETTERS + DIGITS + "@.-_+",
}
"""What may stand in the cells of a field, letters without case."""

LOOKALIKES = {"O": "0", "o": "0", "D": "0", "I": "1", "l": "1", "|": "1", "Z": "2", "z": "2", "S": "5", "s": "5",
              "B": "8", "b": "6", "G": "6", "g": "9", "q": "9"}
"""Letters written as a digit is; used only in fields that hold nothing but digits."""


def plain(text: str) -> str | None:
    """`text` without accents, or None when something is left that no class stands for."""
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return text if all(c in LINE_CLASS for c in text) else None


def folding(alphabet: str) -> list[int]:
    """For each class the place in `alphabet` it counts for, or -1."""
    places = [-1]
    for character in CHARACTERS:
        folded = character.upper() if character.isalpha() else character
        if folded not in alphabet and not set(alphabet) & set(LETTERS):
            folded = LOOKALIKES.get(character, folded)
        places.append(alphabet.find(folded))
    return places
