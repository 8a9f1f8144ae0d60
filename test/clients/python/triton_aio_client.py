import tritonclient.http.aio as triton

from harness import HOST, MODEL, case, expect_probabilities, run
from pixels import FP32


async def infer(**options):
    async with triton.InferenceServerClient(HOST) as client:
        image = triton.InferInput("image", list(FP32.shape), "FP32")
        image.set_data_from_numpy(FP32)
        result = await client.infer(MODEL, [image], **options)
        expect_probabilities(result.as_numpy("probabilities").ravel())


@case
async def infer_defaults():
    await infer()


@case
async def compression():
    for algorithm in ("gzip", "deflate"):
        await infer(request_compression_algorithm=algorithm)


run()
