"""What every Python peer shares: decode with Pillow, run onnxruntime, name the classes."""

import io
import json
import os
from typing import Any

import numpy as np
from PIL import Image

SIDE_PIXELS = 224
TOP_CLASSES = 5
GRAPH = os.environ["GRAPH"]
THREADS = int(os.environ["THREADS"])
CLASSES: list[str] = json.loads(os.environ["CLASSES"])


def decode(image: bytes) -> np.ndarray:
    """JPEG to float32 [1, 224, 224, 3] in [0, 1]."""
    rgb = Image.open(io.BytesIO(image)).convert("RGB").resize((SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.BILINEAR)
    return np.asarray(rgb, dtype=np.float32)[np.newaxis] / 255


def open_session() -> Any:
    """The graph in onnxruntime, with its own defaults but for the threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    return onnxruntime.InferenceSession(GRAPH, options)


def answer(probabilities: np.ndarray) -> dict[str, Any]:
    """The best classes of probabilities [1, classes], best first."""
    best = probabilities[0].argsort()[::-1][:TOP_CLASSES]
    return {"top": [{"class": CLASSES[i], "probability": float(probabilities[0][i])} for i in best]}


def classify(session: Any, image: bytes) -> dict[str, Any]:
    """From JPEG to answer."""
    (probabilities,) = session.run(None, {"image": decode(image)})
    return answer(probabilities)
