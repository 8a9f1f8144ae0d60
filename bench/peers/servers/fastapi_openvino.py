"""FastAPI with OpenVINO and Pillow. OpenVINO chooses the precision itself, unless INFERENCE_PRECISION says it."""

import os
import threading
from typing import Annotated, Any

import openvino
from classifier import GRAPH, THREADS, answer, decode
from fastapi import Body, FastAPI

settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": THREADS}
if "INFERENCE_PRECISION" in os.environ:
    settings["INFERENCE_PRECISION_HINT"] = os.environ["INFERENCE_PRECISION"]
model = openvino.Core().compile_model(GRAPH, "CPU", settings)
# FastAPI calls the function in many threads, and one request of OpenVINO's serves one thread at a time.
local = threading.local()
app = FastAPI()


@app.post("/classify")
def classify_image(image: Annotated[bytes, Body(media_type="image/jpeg")]) -> dict[str, Any]:
    if not hasattr(local, "request"):
        local.request = model.create_infer_request()
    return answer(local.request.infer({0: decode(image)})[0])
