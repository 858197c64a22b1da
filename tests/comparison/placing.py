"""Whether an engine that knows no form recognised a field's value where it was written. Judged generously."""

import statistics
import unicodedata

# A piece of text counts as in or near a zone when its middle is not further outside than this. Rows of the form lie 9
# to 10 mm apart, so a neighbouring row stays out.
NEAR_X, NEAR_Y = 6.0, 3.0


def folded(text: str) -> str:
    """Letters and digits only, without regard to case."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def as_written(kind: str, value: str) -> str:
    """The true value's characters in the order in which the form asks for them."""
    if kind == "date":
        year, month, day = value.split("-")
        return day + month + year
    return folded(value)


def in_picture(grid: dict, x: float, y: float) -> tuple[float, float]:
    """Where a point of the form's page (millimetres) lies in the picture (pixels), bilinear between the grid's."""
    xs, ys, points = grid["xs"], grid["ys"], grid["points"]
    column = max(i for i in range(len(xs) - 1) if i == 0 or xs[i] <= x)
    row = max(i for i in range(len(ys) - 1) if i == 0 or ys[i] <= y)
    a = (x - xs[column]) / (xs[column + 1] - xs[column])
    b = (y - ys[row]) / (ys[row + 1] - ys[row])
    corners = [points[(row + j) * len(xs) + column + i] for j in (0, 1) for i in (0, 1)]
    shares = [(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b]
    return tuple(sum(s * c[k] for s, c in zip(shares, corners)) for k in (0, 1))


def near(grid: dict, box: list[float], pieces: list[dict]) -> list[tuple[float, float, str]]:
    """The pieces in or near a zone: middle down and left edge, in millimetres from the zone's corner, and text."""
    x, y, width, height = box
    ox, oy = in_picture(grid, x, y)
    ax, ay = in_picture(grid, x + width, y)
    bx, by = in_picture(grid, x, y + height)
    ux, uy, vx, vy = (ax - ox) / width, (ay - oy) / width, (bx - ox) / height, (by - oy) / height
    turn = ux * vy - uy * vx
    found = []
    for piece in pieces:
        places = [
            (((px - ox) * vy - (py - oy) * vx) / turn, ((py - oy) * ux - (px - ox) * uy) / turn)
            for px, py in piece["corners"]
        ]
        left, right = min(p[0] for p in places), max(p[0] for p in places)
        middle = statistics.fmean(p[1] for p in places)
        if -NEAR_Y <= middle <= height + NEAR_Y and right >= -NEAR_X and left <= width + NEAR_X:
            found.append((middle, left, piece["text"]))
    return found


def in_reading_order(found: list[tuple[float, float, str]]) -> str:
    """Rows downwards, each from left to right; a row ends where the next piece's middle is 4 mm further down."""
    rows: list[list[tuple[float, float, str]]] = []
    for piece in sorted(found):
        if rows and piece[0] - rows[-1][0][0] < 4.0:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return "".join(text for row in rows for _, _, text in sorted(row, key=lambda p: p[1]))


def found_by_page(page: dict, field: dict, pieces: list[dict]) -> bool:
    """Whether the value's characters appear, in one piece or in the pieces near the zone one after the other.

    Where it is not known how the page lies in the picture, anywhere on the page will do.
    """
    wanted = as_written(field["kind"], field["truth"])
    if page["grid"] is None:
        texts = [piece["text"] for piece in pieces]
        return any(wanted in folded(text) for text in [*texts, "".join(texts)])
    by_zone = near(page["grid"], field["box"], pieces)
    texts = [text for _, _, text in by_zone]
    return any(wanted in folded(text) for text in [*texts, in_reading_order(by_zone), "".join(texts)])


def read_by_enrol(field: dict, form: dict | None) -> bool:
    """Whether Enrol's value is the true one; letter case and spaces do not count, as in `enrol-reader bench`."""
    value = next((f["value"] for f in (form or {"fields": []})["fields"] if f["name"] == field["name"]), None)
    return isinstance(value, str) and "".join(value.lower().split()) == "".join(field["truth"].lower().split())
