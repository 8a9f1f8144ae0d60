"""FastAPI with onnxruntime and Pillow: what anybody writes first."""

from typing import Annotated, Any

from classifier import classify, open_session
from fastapi import Body, FastAPI

session = open_session()
app = FastAPI()


@app.post("/classify")
def classify_image(image: Annotated[bytes, Body(media_type="image/jpeg")]) -> dict[str, Any]:
    return classify(session, image)
