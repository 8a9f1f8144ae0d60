from open_inference.openapi.client import OpenInferenceClient
from open_inference.openapi.types import InferenceRequest, RequestInput, TensorData

from harness import MODEL, URL, case, expect_probabilities, run
from pixels import FP32

client = OpenInferenceClient(base_url=URL)


@case
def health_and_metadata():
    client.check_server_liveness()
    client.check_server_readiness()
    client.check_model_readiness(MODEL)
    version = client.read_model_metadata(MODEL).versions[0]
    client.check_model_version_readiness(MODEL, version)
    assert client.read_server_metadata().name == "tandem"


@case
def infer():
    data = TensorData(__root__=FP32.ravel().tolist())
    image = RequestInput(name="image", shape=[1, 224, 224, 3], datatype="FP32", data=data)
    answer = client.model_infer(MODEL, request=InferenceRequest(inputs=[image]))
    expect_probabilities(answer.outputs[0].data.__root__)


run()
