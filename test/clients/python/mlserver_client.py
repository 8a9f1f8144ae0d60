import requests
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse, MetadataModelResponse

from harness import INFER, MODEL, URL, case, expect_probabilities, run
from pixels import FP32, UINT8


def request(array):
    return InferenceRequest(inputs=[NumpyCodec.encode_input("image", array)])


def expect(response):
    answer = InferenceResponse.model_validate_json(response.content)
    expect_probabilities(answer.outputs[0].data)


@case
def as_dict():
    # Writes null for every member that is not set.
    expect(requests.post(INFER, json=request(FP32).dict()))


@case
def as_json():
    expect(requests.post(INFER, data=request(UINT8).json(), headers={"content-type": "application/json"}))


@case
def metadata():
    model = MetadataModelResponse.model_validate_json(requests.get(f"{URL}/v2/models/{MODEL}").content)
    assert model.inputs[0].parameters.channels == "RGB", model


run()
