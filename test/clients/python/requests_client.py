import base64
import gzip
import json

import requests

from harness import CLASSIFY, INFER, JPEG, WEBP, case, expect_class, expect_probabilities, read, run
from pixels import FP32


@case
def form_file():
    with open(JPEG, "rb") as file:
        expect_class(requests.post(CLASSIFY, files={"image": file}).json())


@case
def form_bytes():
    expect_class(requests.post(CLASSIFY, files={"file": read(WEBP)}).json())


@case
def form_several():
    files = [("images[]", ("a", read(JPEG))), ("images[]", ("b", b"")), ("images[]", ("c", b"GIF89a"))]
    results = requests.post(CLASSIFY, files=files, data={"top": "1"}).json()["results"]
    assert len(results[0]["top"]) == 1, results
    assert [each["problem"]["code"] for each in results[1:]] == ["BAD_REQUEST", "UNSUPPORTED_TYPE"], results


@case
def raw_body():
    with open(JPEG, "rb") as file:
        expect_class(requests.post(CLASSIFY, data=file).json())


@case
def base64_json():
    for encode in (base64.b64encode, base64.encodebytes, base64.urlsafe_b64encode):
        expect_class(requests.post(CLASSIFY, json={"images": [encode(read(JPEG)).decode()]}).json())


@case
def tolist_batch():
    tensor = FP32.repeat(8, axis=0)
    request = {"inputs": [{"name": "image", "datatype": "FP32", "shape": tensor.shape, "data": tensor.tolist()}]}
    expect_probabilities(requests.post(INFER, json=request).json()["outputs"][0]["data"], images=8)


@case
def gzip_body():
    data = {"name": "image", "datatype": "FP32", "shape": [1, 224, 224, 3], "data": FP32.ravel().tolist()}
    body = gzip.compress(json.dumps({"inputs": [data]}).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    expect_probabilities(requests.post(INFER, data=body, headers=headers).json()["outputs"][0]["data"])


run()
