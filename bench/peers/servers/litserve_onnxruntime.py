"""LitServe with onnxruntime and Pillow."""

import os
from typing import Annotated, Any

import litserve
from classifier import classify, open_session
from fastapi import Body


class Classifier(litserve.LitAPI):
    def setup(self, device: str) -> None:
        self.session = open_session()

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/jpeg")]) -> bytes:
        return request

    def predict(self, image: bytes) -> dict[str, Any]:
        return classify(self.session, image)

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        return output


if __name__ == "__main__":
    api = Classifier(api_path="/classify")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=int(os.environ["PROCESSES"]))
    server.run(port=int(os.environ["PORT"]), generate_client_file=False)
