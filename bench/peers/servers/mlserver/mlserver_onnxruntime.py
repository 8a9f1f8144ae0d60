"""MLServer with onnxruntime and Pillow: a custom runtime with an endpoint of its own."""

from typing import Annotated, Any

from classifier import classify, open_session
from fastapi import Body
from mlserver import MLModel
from mlserver.handlers import custom_handler


class Classifier(MLModel):
    async def load(self) -> bool:
        self.session = open_session()
        return True

    @custom_handler(rest_path="/classify")
    async def classify(self, image: Annotated[bytes, Body(media_type="image/jpeg")]) -> dict[str, Any]:
        return classify(self.session, image)
