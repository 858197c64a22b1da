"""Makes both networks anew, or lets the released ones learn on: composes, trains, and exports into the model folder."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import sources

HERE = Path(__file__).resolve().parent


def step(script: str, *arguments: object) -> list[str]:
    """The command line of one of the programs here."""
    return [sys.executable, str(HERE / script), *map(str, arguments)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    sources.add_arguments(parser)
    parser.add_argument("--work", type=Path, default=HERE / "build", help="shards and states; some gigabytes")
    parser.add_argument("--model", type=Path, default=sources.ROOT / "workers/reader/model")
    parser.add_argument("--minutes", type=float, default=45, help="training time of each network")
    parser.add_argument("--cell-shards", type=int, default=40, help="of 20,000 cells")
    parser.add_argument("--line-shards", type=int, default=40, help="of 4,000 lines")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="go on from the states in this folder, on fresh shards")
    arguments = parser.parse_args()
    if not (arguments.data / "field_texts.txt").is_file():
        parser.error(f"{arguments.data} holds no field_texts.txt: say where the data lies")

    where = ["--data", arguments.data, "--hand-fonts", arguments.hand_fonts, "--print-fonts", *arguments.print_fonts]
    where += ["--without-unipen"] if arguments.without_unipen else []
    kind = "fonts" if arguments.without_unipen else "pens"
    for name, shards in (("cells", arguments.cell_shards), ("line", arguments.line_shards)):
        made, out = arguments.work / f"{name}-{kind}", arguments.work / f"out-{kind}"
        compose = "compose_cells.py" if name == "cells" else "compose_lines.py"
        if not arguments.without_unipen:
            subprocess.run(step(compose, *where, "--out", made, "--part", "development", "--shards", 1), check=True)
        resume = ["--resume", HERE / f"{name}.pt"] if arguments.resume else []
        if name == "line" and not resume:
            resume = ["--cells", out / "cells.pt"]
        # The composer works ahead while the network trains on what there is.
        composer = subprocess.Popen(step(compose, *where, "--out", made, "--shards", shards, "--seed", arguments.seed))
        try:
            subprocess.run(step(f"train_{name}.py", "--shards", made, "--out", out, "--minutes", arguments.minutes,
                                "--seed", arguments.seed, *resume), check=True, env=os.environ)
        finally:
            composer.terminate()
            composer.wait()
        for file in out.glob(f"{name}.*"):
            if file.suffix in (".onnx", ".toml", ".json"):
                shutil.copy(file, arguments.model / file.name)
        shutil.copy(out / f"{name}.pt", HERE / f"{name}.pt")


if __name__ == "__main__":
    main()
