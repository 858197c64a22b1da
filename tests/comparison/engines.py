"""The engines of the comparison: each reads all pictures in one process on one core."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def measured(core: int, work: Path, command: list, may_return=(0,)) -> tuple[dict, subprocess.CompletedProcess]:
    """Runs a command as measured.py does. Raises SystemExit with its complaint when it fails."""
    result = work / "measured.json"
    wrapped = [sys.executable, HERE / "measured.py", str(core), result, *command]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([str(part) for part in wrapped], capture_output=True, text=True, env=environment)
    if done.returncode not in may_return:
        raise SystemExit(f"{command[0]} failed: {done.stderr[-500:]}")
    return json.loads(result.read_text()), done


def enrol(core: int, work: Path, pictures: list[str], programs: Path) -> tuple[dict, list[dict | None]]:
    """The form read from each picture, `None` for a page that Enrol refused. It exits with 1 when it refused any."""
    cost, done = measured(core, work, [programs / "enrol-reader", "read", "--json", *pictures], (0, 1))
    forms = iter(json.loads(line) for line in done.stdout.splitlines())
    complaints = done.stderr.splitlines()
    # One form a picture in the order given; a refused one has a complaint beginning with its path instead.
    read = [None if any(line.startswith(p) for line in complaints) else next(forms) for p in pictures]
    if next(forms, None) is not None:
        raise SystemExit("enrol-reader read more forms than there are pictures")
    return cost, read


def enrol_whole(core: int, work: Path, pages: list[dict], programs: Path) -> tuple[dict, list[dict | None]]:
    """The form read from the scan that each page is part of, `None` where that page was refused; a process a form."""
    total = {"wall_s": 0.0, "core_s": 0.0, "peak_mib": 0.0}
    read = []
    for page in pages:
        cost, done = measured(core, work, [programs / "enrol-reader", "read", "--json", *page["files"]], (0, 1))
        total = {
            "wall_s": total["wall_s"] + cost["wall_s"],
            "core_s": total["core_s"] + cost["core_s"],
            "peak_mib": max(total["peak_mib"], cost["peak_mib"]),
        }
        forms = [json.loads(line) for line in done.stdout.splitlines()]
        placed = [form for form in forms if any(p["page"] == page["page"] for p in form["pages"])]
        read.append(placed[0] if placed else None)
    return total, read


def tesseract(core: int, work: Path, pictures: list[str], layout: int) -> tuple[dict, list[list[dict]]]:
    """The words of each picture as pieces of text with the corners of their boxes."""
    (work / "pictures.txt").write_text("\n".join(pictures) + "\n")
    command = ["tesseract", work / "pictures.txt", work / "words", "-l", "eng", "--psm", str(layout), "tsv"]
    cost, _ = measured(core, work, command)
    pages: list[list[dict]] = [[] for _ in pictures]
    with open(work / "words.tsv", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["level"] == "5" and row["text"].strip():
                left, top, width, height = (int(row[k]) for k in ("left", "top", "width", "height"))
                right, bottom = left + width, top + height
                corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
                pages[int(row["page_num"]) - 1].append({"text": row["text"], "corners": corners})
    return cost, pages


def rapidocr(core: int, work: Path, pictures: list[str], longest_side: int) -> tuple[dict, list[list[dict]]]:
    """The text lines of each picture as pieces with the corners of their boxes, in the picture's pixels."""
    command = [sys.executable, HERE / "read_with_rapidocr.py", work / "lines.json", str(longest_side), *pictures]
    cost, _ = measured(core, work, command)
    return cost, json.loads((work / "lines.json").read_text())
