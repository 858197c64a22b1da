"""Reads the same pages with Enrol, Tesseract and RapidOCR on one core, and counts the written fields each got right.

    compare.py --forms FOLDER --programs target/debug --out target/bench

Writes compare.json and compare.md into --out. What counts as right is said below the table.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import engines
import placing

sys.path.append(str(Path(__file__).parents[2] / "workers/reader/training"))
from bounds import wilson  # noqa: E402

JUDGED = """\
Enrol is right where its value of the field is the true one (letter case and spaces aside). The other engines know no
form and are judged generously: right where the value's letters and digits appear, one after the other, in what they
recognised in or near the field's zone, whatever stands before or after; where the zone is they are told. Enrol gets the
same single pictures, and a page it refuses has every field wrong; "given the whole form" it gets the scan that the page
is part of, as in use, and the times are of all its pages. One process reads all pictures, starting included; with whole
forms, one process a form."""
NAMES = {"number": ("date", "phone", "nhs_number"), "word": ("name", "text", "postcode", "email")}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forms", type=Path, required=True, help="folder of folders with scans and a truth.json")
    parser.add_argument("--programs", type=Path, required=True, help="folder of enrol and enrol-reader")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core that is used")
    return parser.parse_args()


def choose_pages(args: argparse.Namespace, work: Path) -> list[dict]:
    show = [args.programs / "enrol", "form", "show", "registration", "--json"]
    zones = work / "zones.json"
    zones.write_bytes(subprocess.run(show, check=True, capture_output=True).stdout)
    program = Path(__file__).with_name("pages.py")
    subprocess.run(
        [sys.executable, program, args.forms, zones, work, str(args.pages), str(args.seed)], check=True
    )
    return json.loads((work / "pages.json").read_text())


def counted(pages: list[dict], right) -> dict:
    """Right and all written fields, of each sort and per condition. `right(index, page, field)` judges one."""
    counts: dict[str, list[int]] = {}
    for index, page in enumerate(pages):
        for field in page["fields"]:
            sort = next(name for name, kinds in NAMES.items() if field["kind"] in kinds)
            good = right(index, page, field)
            for key in ("all", sort, f"capture {page['capture']}"):
                entry = counts.setdefault(key, [0, 0])
                entry[0] += good
                entry[1] += 1
    return counts


def tesseract_version() -> str:
    done = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[1]


def rows(args: argparse.Namespace, work: Path, pages: list[dict]) -> list[dict]:
    pictures = [page["picture"] for page in pages]
    found = []

    def add(name: str, cost: dict, right, **more) -> None:
        found.append({"engine": name, **cost, "right": counted(pages, right), **more})
        right_of = found[-1]["right"]["all"]
        print(f"{name}: {right_of} fields, {cost['core_s'] / more['pages']:.2f} core-seconds a page", flush=True)

    def add_enrol(name: str, cost: dict, forms: list[dict | None], **more) -> None:
        more["refused"] = sum(form is None for form in forms)
        add(name, cost, lambda index, _page, field: placing.read_by_enrol(field, forms[index]), **more)

    def by_page(read: list[list[dict]]):
        return lambda index, page, field: placing.found_by_page(page, field, read[index])

    cost, forms = engines.enrol(args.core, work, pictures, args.programs)
    enrol = subprocess.run([args.programs / "enrol-reader", "--version"], capture_output=True, text=True, check=True)
    name = f"Enrol {enrol.stdout.split()[1]}"
    add_enrol(name, cost, forms, pages=len(pages))
    cost, forms = engines.enrol_whole(args.core, work, pages, args.programs)
    add_enrol(f"{name}, given the whole form", cost, forms, pages=sum(page["of"] for page in pages))
    for layout, what in ((3, "whole page"), (11, "sparse text")):
        cost, read = engines.tesseract(args.core, work, pictures, layout)
        add(f"Tesseract {tesseract_version()}, {what} (`--psm {layout}`)", cost, by_page(read), pages=len(pages))
    for side, what in ((2000, ""), (6000, ", not scaled down")):
        cost, read = engines.rapidocr(args.core, work, pictures, side)
        add(f"RapidOCR {version('rapidocr')} (PP-OCRv6 small){what}", cost, by_page(read), pages=len(pages))
    return found


def share(right: list[int]) -> str:
    return f"{right[0]} ({100 * right[0] / max(right[1], 1):.0f} %)"


def with_bounds(right: list[int]) -> str:
    """With 95 % bounds by Wilson, which take the fields of one hand for independent."""
    low, high = wilson(*right)
    return f"{right[0]} ({100 * right[0] / right[1]:.0f} %; {100 * low:.0f} to {100 * high:.0f} %)"


def table(pages: list[dict], found: list[dict]) -> str:
    total = {key: found[0]["right"].get(key, [0, 0])[1] for key in ("all", *NAMES)}
    lines = [
        f"| | right of {total['all']} written fields | of {total['number']} dates and numbers "
        f"| of {total['word']} names, words, postcodes, e-mail | core-seconds a page | seconds a page | peak memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in found:
        cells = [with_bounds(row["right"]["all"]), *(share(row["right"].get(key, [0, 0])) for key in NAMES)]
        cells += [f"{row[time] / row['pages']:.1f}" for time in ("core_s", "wall_s")]
        cells.append(f"{row['peak_mib']:.0f} MiB")
        lines.append(f"| {row['engine']} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", JUDGED]) + "\n"


def main() -> None:
    args = arguments()
    work = args.out / "compare"
    work.mkdir(parents=True, exist_ok=True)
    pages = choose_pages(args, work)
    if not pages:
        raise SystemExit(f"{args.forms}: no form with written fields")
    found = rows(args, work, pages)
    chosen = [{**{k: p[k] for k in ("form", "page", "capture", "writer")}, "fields": len(p["fields"])} for p in pages]
    report = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one used",
        "seed": args.seed,
        "placed": all(page["grid"] is not None for page in pages),
        "pages": chosen,
        "engines": found,
    }
    (args.out / "compare.json").write_text(json.dumps(report, indent=1) + "\n")
    (args.out / "compare.md").write_text(table(pages, found))
    print(table(pages, found))


if __name__ == "__main__":
    main()
