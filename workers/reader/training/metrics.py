"""Where a character stands between the lines: top and bottom above the base line, in capital heights."""

ASCENDING, HANGING = set("bdfhklt"), set("gpqy")
SMALL = {".": (0.10, -0.02), ",": (0.12, -0.20), "'": (1.0, 0.68), '"': (1.0, 0.68), "*": (0.95, 0.5), "-": (0.52, 0.44),
         "=": (0.60, 0.32), "+": (0.72, 0.18), ":": (0.60, 0.04), ";": (0.60, -0.12), "_": (0.0, -0.05), "/": (1.05, -0.1),
         "@": (0.92, -0.1), "(": (1.05, -0.12), ")": (1.05, -0.12), "#": (0.9, 0.0), "%": (1.0, 0.0)}
X_HEIGHT = 0.62


def reach(character: str) -> tuple[float, float]:
    """Top and bottom of a character."""
    if character in SMALL:
        return SMALL[character]
    if character in HANGING:
        return (X_HEIGHT, -0.34)
    if character == "j":
        return (0.92, -0.3)
    if character in ASCENDING:
        return (1.02, 0.0)
    if character == "i":
        return (0.92, 0.0)
    return (X_HEIGHT, 0.0) if character.islower() else (1.0, 0.0)


def scale(character: str, width: float, height: float, capital: float) -> float:
    """Factor that brings a character drawn `width` x `height` to its size, for capitals `capital` high."""
    top, bottom = reach(character)
    if character in "-_=":
        return capital * 0.42 / max(width, 1.0)
    wanted = (top - bottom) * capital
    if character in ".,'\":;*":
        return min(wanted / max(height, 20.0), capital * 0.45 / max(width, height, 1.0))
    # A character drawn flat (a dash for an 1, say) must not be blown up to full height.
    return wanted / height if height > width * 0.25 else capital * 0.6 / max(width, 1.0)
