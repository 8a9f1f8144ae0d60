"""The client that openapi-python-client generates from the service's own document."""

from io import BytesIO

from generated_api import Client
from generated_api.api.classification import classify
from generated_api.api.open_inference import infer, model_metadata
from generated_api.models import ClassifyFilesBody, ClassifyModel, InferRequest, InferRequestInputsItem
from generated_api.types import File

from harness import JPEG, MODEL, PIXELS, URL, case, expect_class, expect_probabilities, read, run

client = Client(base_url=URL)


@case
def classify_file():
    expect_class(classify.sync(client=client, model=ClassifyModel(MODEL), body=File(payload=BytesIO(read(JPEG)))).to_dict())


@case
def classify_form():
    files = ClassifyFilesBody(image=[File(payload=BytesIO(read(JPEG)), file_name="a", mime_type="image/jpeg")])
    expect_class(classify.sync(client=client, model=ClassifyModel(MODEL), body=files).to_dict())


@case
def infer_tensor():
    image = {"name": "image", "datatype": "UINT8", "shape": [1, 224, 224, 3], "data": list(read(PIXELS))}
    request = InferRequest(inputs=[InferRequestInputsItem.from_dict(image)], id=None, parameters=None, outputs=None)
    answer = infer.sync(MODEL, client=client, body=request)
    expect_probabilities(answer.outputs[0].data)


@case
def metadata():
    assert model_metadata.sync(MODEL, client=client).inputs[0].parameters["layout"] == "NHWC"


run()
