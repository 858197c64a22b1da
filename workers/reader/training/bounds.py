"""How sure a measured share is."""

import math
import random


def wilson(right: int, cases: int, z: float = 1.96) -> tuple[float, float]:
    """95 % bounds of a share by Wilson's formula, as if all cases were independent."""
    if cases == 0:
        return (0.0, 1.0)
    share, square = right / cases, z * z
    middle = (share + square / (2 * cases)) / (1 + square / cases)
    half = z * math.sqrt(share * (1 - share) / cases + square / (4 * cases * cases)) / (1 + square / cases)
    return (middle - half, middle + half)


def over_writers(by_writer: dict[int, list[bool]], draws: int = 2000) -> tuple[float, float]:
    """95 % bounds by drawing whole writers with replacement: cases of one hand are not independent."""
    rng = random.Random(1)
    counts = [(sum(cases), len(cases)) for cases in by_writer.values() if cases]
    if not counts:
        return (0.0, 1.0)
    shares = []
    for _ in range(draws):
        drawn = rng.choices(counts, k=len(counts))
        shares.append(sum(r for r, _ in drawn) / sum(n for _, n in drawn))
    shares.sort()
    return (shares[int(draws * 0.025)], shares[int(draws * 0.975)])


HEADING = "| on | right | cases | writers | Wilson 95 % | over writers 95 % |\n|---|---|---|---|---|---|"


def row(name: str, by_writer: dict[int, list[bool]]) -> str:
    """One row of a Markdown table."""
    cases = [case for found in by_writer.values() for case in found]
    if not cases:
        return f"| {name} | - | 0 | 0 | - | - |"
    low, high = wilson(sum(cases), len(cases))
    wide_low, wide_high = over_writers(by_writer)
    percent = lambda share: f"{100 * share:.1f}"
    return (f"| {name} | {percent(sum(cases) / len(cases))} % | {len(cases)} | {sum(map(bool, by_writer.values()))} "
            f"| {percent(low)} - {percent(high)} | {percent(wide_low)} - {percent(wide_high)} |")
