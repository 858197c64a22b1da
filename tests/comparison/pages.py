"""Chooses the pages of a comparison and writes each as one PNG picture, so that every engine is given the same pixels.

Run as a program: its memory must not count as an engine's (a child begins with its parent's peak).

    pages.py FORMS ZONES OUT COUNT SEED

`FORMS` is a folder of folders with scans and a truth.json, `ZONES` the JSON of `enrol form show`. Writes OUT/NN.png
and OUT/pages.json, a list of {picture, form, page, capture, writer, files, of, grid, fields}; `files` are the scans of
the whole form, which has `of` pages; `grid` is null where the folder has no geometry.json; `fields` holds name, kind,
box in millimetres of the form's page, and the true value.
"""

import json
import random
import sys
from pathlib import Path

import pypdfium2
import pypdfium2.raw
from PIL import Image

WRITTEN = {"name", "date", "phone", "nhs_number", "email", "text", "postcode"}


def written_fields(truth: dict, zones: list[dict], page: int) -> list[dict]:
    """The fields of a page that somebody wrote into: no tick boxes, no signature, no blanks."""
    found = []
    for zone in zones:
        value = truth["fields"].get(zone["name"])
        if zone["page"] == page and zone["kind"] in WRITTEN and isinstance(value, str) and value:
            found.append({"name": zone["name"], "kind": zone["kind"], "box": zone["box"], "truth": value})
    return found


def sources(folder: Path, truth: dict) -> dict[int, tuple[str, int, dict | None]]:
    """Per page of the form: file, page of that file from 0, and where the form's points lie in its picture.

    Without geometry.json only forms are taken whose scan has one page of the form after the other, so that the page
    is certain.
    """
    try:
        geometry = json.loads((folder / "geometry.json").read_text())
        return {g["page"]: (g["file"], g["document_page"] - 1, g) for g in geometry}
    except FileNotFoundError:
        pass
    if len(truth["files"]) == 1 and truth["pages"] == sorted(truth["pages"]):
        return {page: (truth["files"][0], index, None) for index, page in enumerate(truth["pages"])}
    return {}


def choose(forms: list[dict], count: int, seed: int) -> list[dict]:
    """One form of every condition in turn, in a shuffled order, until there are enough; one page of each form.

    A form's page is drawn among its pages with at least one written field.
    """
    rng = random.Random(seed)
    by_capture: dict[str, list[dict]] = {}
    for form in sorted(forms, key=lambda f: f["form"]):
        by_capture.setdefault(form["capture"], []).append(form)
    queues = [by_capture[capture] for capture in sorted(by_capture)]
    for queue in queues:
        rng.shuffle(queue)
    chosen: list[dict] = []
    while len(chosen) < count and any(queues):
        rng.shuffle(queues)
        for queue in queues:
            if queue and len(chosen) < count:
                form = queue.pop()
                chosen.append({**form, **rng.choice(form["pages"])})
    return sorted(chosen, key=lambda c: c["form"])


def picture(file: Path, index: int) -> tuple[Image.Image, float]:
    """A page's pixels as they were scanned, and its pixels per inch."""
    if file.suffix != ".pdf":
        image = Image.open(file)
        image.seek(index)
        dpi = float(image.info.get("dpi", (300, 300))[0])
        return image.convert("RGB" if image.mode in ("RGB", "P", "CMYK") else "L"), dpi
    page = pypdfium2.PdfDocument(file)[index]
    scans = list(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))
    width, height = max((scan.get_px_size() for scan in scans), default=(2480, 3508))
    across, down = page.get_size()
    scale = max(width, height) / max(across, down)
    image = page.render(scale=scale).to_pil().convert("RGB")
    red, green, blue = (channel.histogram() for channel in image.split())
    return image if red != green or green != blue else image.convert("L"), scale * 72


def main() -> None:
    folder, zones_file, out, count, seed = sys.argv[1:]
    zones = json.loads(Path(zones_file).read_text())["fields"]
    forms = []
    for file in sorted(Path(folder).glob("*/truth.json")):
        truth = json.loads(file.read_text())
        if truth["form"] != "registration" or truth["expected"] != "record":
            continue
        pages = []
        for page, (name, index, grid) in sorted(sources(file.parent, truth).items()):
            fields = written_fields(truth, zones, page)
            if fields:
                pages.append({"page": page, "file": name, "index": index, "grid": grid, "fields": fields})
        if pages:
            kind = truth.get("capture", file.parent.name)
            forms.append({"form": file.parent.name, "capture": kind, "writer": truth.get("writer"), "pages": pages})
            forms[-1] |= {"files": [str(file.parent / name) for name in truth["files"]], "of": len(truth["pages"])}
    written = []
    for number, page in enumerate(choose(forms, int(count), int(seed)), start=1):
        image, dpi = picture(Path(folder) / page["form"] / page["file"], page["index"])
        # A PDF's page is rendered to whole pixels upwards: one more than was scanned.
        if page["grid"] and any(abs(a - b) > 2 for a, b in zip(image.size, page["grid"]["size"])):
            raise SystemExit(f"{page['form']}: {image.size} pixels, but {page['grid']['size']} in geometry.json")
        target = Path(out) / f"{number:02}.png"
        image.save(target, dpi=(dpi, dpi))
        keep = ("form", "page", "capture", "writer", "files", "of", "grid", "fields")
        written.append({"picture": str(target), **{key: page[key] for key in keep}})
    (Path(out) / "pages.json").write_text(json.dumps(written))


if __name__ == "__main__":
    main()
