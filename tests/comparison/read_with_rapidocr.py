"""Reads pictures with RapidOCR as its package comes (its models are in the wheel), with one thread.

    read_with_rapidocr.py OUT LONGEST_SIDE PICTURE...

Pictures with a side of more pixels than LONGEST_SIDE are scaled down first; the package's default is 2000. OUT gets one
list of {text, corners} per picture, corners in the picture's pixels.
"""

import json
import sys

from rapidocr import RapidOCR

engine = RapidOCR(
    params={
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "Global.log_level": "critical",
        "Global.max_side_len": int(sys.argv[2]),
    }
)
pages = []
for picture in sys.argv[3:]:
    read = engine(picture)
    boxes = [] if read.boxes is None else read.boxes.tolist()
    pages.append([{"text": text, "corners": box} for text, box in zip(read.txts or [], boxes)])
with open(sys.argv[1], "w") as file:
    json.dump(pages, file)
