import os

from kserve import InferenceGRPCClient, InferInput, InferRequest

from harness import MODEL, case, expect_probabilities, run
from pixels import FP32

ADDRESS = os.environ["GRPC_ADDRESS"]


async def infer(binary):
    image = InferInput("image", list(FP32.shape), "FP32")
    image.set_data_from_numpy(FP32, binary_data=binary)
    async with InferenceGRPCClient(ADDRESS) as client:
        answer = await client.infer(InferRequest(MODEL, [image]))
    expect_probabilities(answer.outputs[0].as_numpy().ravel())


@case
async def health():
    async with InferenceGRPCClient(ADDRESS) as client:
        assert await client.is_server_live()
        assert await client.is_server_ready()
        assert await client.is_model_ready(MODEL)


@case
async def infer_typed():
    await infer(binary=False)


@case
async def infer_raw():
    await infer(binary=True)


run()
