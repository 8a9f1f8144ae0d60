"""BentoML with onnxruntime and Pillow."""

import os
from pathlib import Path
from typing import Any

import bentoml
from classifier import classify, open_session


@bentoml.service(workers=int(os.environ["PROCESSES"]))
class Classifier:
    def __init__(self) -> None:
        self.session = open_session()

    @bentoml.api(route="/classify")
    def classify(self, image: Path, /) -> dict[str, Any]:
        return classify(self.session, image.read_bytes())
