"""Runs the cases of one client: each prints one line of JSON with its name and whether it held."""

import asyncio
import inspect
import json
import os

URL = os.environ["SERVICE_URL"]
HOST = URL.removeprefix("http://")
MODEL = os.environ["MODEL"]
CLASSIFY = f"{URL}/v1/classify?model={MODEL}"
INFER = f"{URL}/v2/models/{MODEL}/infer"
#: Files of one image: as JPEG, as WebP, and its pixels as uint8 [224, 224, 3].
JPEG = os.environ["IMAGE_JPEG"]
WEBP = os.environ["IMAGE_WEBP"]
PIXELS = os.environ["IMAGE_PIXELS"]
#: The class of that image, and the names of all classes.
EXPECTED = os.environ["IMAGE_CLASS"]
CLASSES = json.loads(os.environ["CLASSES"])

cases = []


def case(function):
    """Registers a case; its name is in test/clients/cases.ts."""
    cases.append(function)
    return function


def read(path):
    with open(path, "rb") as file:
        return file.read()


def expect_class(answer):
    """The answer to one image, or the only result of an answer to several."""
    result = answer["results"][0] if "results" in answer else answer
    assert result["top"][0]["class"] == EXPECTED, answer


def expect_probabilities(probabilities, images=1):
    """The flat probabilities of that image, as often as it was sent."""
    values = [float(value) for value in probabilities]
    assert len(values) == images * len(CLASSES), len(values)
    for start in range(0, len(values), len(CLASSES)):
        each = values[start : start + len(CLASSES)]
        assert abs(sum(each) - 1) < 1e-3, each
        assert CLASSES[each.index(max(each))] == EXPECTED, each


def run():
    for function in cases:
        outcome = {"case": function.__name__, "ok": True}
        try:
            result = function()
            if inspect.iscoroutine(result):
                asyncio.run(result)
        except Exception as error:  # noqa: BLE001 - any error means that the client cannot do it
            outcome = {"case": function.__name__, "ok": False, "why": f"{type(error).__name__}: {error}"[:600]}
        print(json.dumps(outcome), flush=True)
