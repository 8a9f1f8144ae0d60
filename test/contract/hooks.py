"""Makes what Schemathesis cannot generate itself: images, and tensors of 150,528 numbers."""

import base64
import json
import math
import os
import pathlib

import schemathesis
from hypothesis import strategies as st

samples = [path.read_bytes() for path in sorted(pathlib.Path(os.environ["SAMPLES_DIR"]).glob("*.jpg"))]
images = st.sampled_from(samples)

for name in ["image/jpeg", "image/png", "image/webp"]:
    # The service goes by what is in the file.
    schemathesis.openapi.media_type(name, images)
schemathesis.openapi.format("binary", images)
schemathesis.openapi.format("image-base64", st.sampled_from([base64.b64encode(each).decode() for each in samples]))

SHAPE = [1, 224, 224, 3]
versions = json.loads(os.environ["VERSIONS"])


def fill(tensor):
    """Gives a tensor the one shape and the numbers that the schema cannot demand."""
    tensor |= {"shape": SHAPE, "datatype": "FP32", "data": [0.5] * math.prod(SHAPE)}
    (tensor.get("parameters") or {}).pop("binary_data_size", None)
    return tensor


@schemathesis.hook
def before_call(ctx, case, **kwargs):
    """Names the version there is, and fills tensors and instances, where the case is to be right."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "version" in case.path_parameters:
        case.path_parameters["version"] = versions.get(case.path_parameters["id"], "none")
    if case.operation.path.endswith("/infer"):
        # The schema cannot demand the length of the JSON.
        (case.headers or {}).pop("Inference-Header-Content-Length", None)
        if isinstance(case.body, dict):
            case.body["inputs"] = [fill(tensor) for tensor in case.body["inputs"]]
        else:
            case.body = json.dumps({"inputs": [fill({"name": "image"})]}).encode()
    if case.operation.path.endswith(":predict") and isinstance(case.body, dict):
        case.body["instances"] = [{"b64": base64.b64encode(samples[0]).decode()}]
