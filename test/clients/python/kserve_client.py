import base64

from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

from harness import JPEG, MODEL, URL, case, expect_probabilities, read, run
from pixels import FP32


def client(protocol):
    return InferenceRESTClient(RESTConfig(protocol=protocol))


async def infer(binary, **options):
    image = InferInput("image", list(FP32.shape), "FP32")
    image.set_data_from_numpy(FP32, binary_data=binary)
    async with client("v2") as kserve:
        answer = await kserve.infer(URL, InferRequest(MODEL, [image], **options), model_name=MODEL)
    expect_probabilities(answer.outputs[0].as_numpy().ravel())


@case
async def health():
    async with client("v2") as kserve:
        assert await kserve.is_server_live(URL)
        assert await kserve.is_server_ready(URL)
        assert await kserve.is_model_ready(URL, MODEL)


@case
async def infer_json():
    await infer(binary=False)


@case
async def infer_binary():
    await infer(binary=True)
    await infer(binary=True, request_outputs=[RequestedOutput("probabilities", {"binary_data": True})])


@case
async def v1_ready():
    async with client("v1") as kserve:
        assert await kserve.is_model_ready(URL, MODEL)


@case
async def v1_predict():
    instances = [{"b64": base64.b64encode(read(JPEG)).decode()}]
    async with client("v1") as kserve:
        for each in (instances, FP32.tolist()):
            answer = await kserve.infer(URL, {"instances": each}, model_name=MODEL)
            expect_probabilities(answer["predictions"][0])


run()
