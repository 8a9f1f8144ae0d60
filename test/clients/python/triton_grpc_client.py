import os
import queue

import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from tritonclient.utils import InferenceServerException

from harness import CLASSES, EXPECTED, MODEL, case, expect_probabilities, run
from pixels import FP32, UINT8

ADDRESS = os.environ["GRPC_ADDRESS"]
client = triton.InferenceServerClient(ADDRESS)


def tensor(array=FP32, datatype="FP32"):
    image = triton.InferInput("image", list(array.shape), datatype)
    image.set_data_from_numpy(array)
    return [image]


def probabilities(result):
    return result.as_numpy("probabilities").ravel()


@case
def health():
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(MODEL)


@case
def metadata():
    assert client.get_server_metadata().name == "tandem"
    assert list(client.get_model_metadata(MODEL).inputs[0].shape) == [-1, 224, 224, 3]


@case
def infer_defaults():
    expect_probabilities(probabilities(client.infer(MODEL, tensor())))


@case
def infer_uint8_batch():
    result = client.infer(MODEL, tensor(UINT8.repeat(8, axis=0), "UINT8"))
    expect_probabilities(probabilities(result), images=8)


@case
def infer_classes():
    outputs = [triton.InferRequestedOutput("probabilities", class_count=2)]
    names = client.infer(MODEL, tensor(), outputs=outputs).as_numpy("probabilities").ravel()
    _, index, name = names[0].decode().split(":")
    assert (len(names), CLASSES[int(index)], name) == (2, EXPECTED, EXPECTED), names


@case
def compression():
    for algorithm in ("gzip", "deflate"):
        expect_probabilities(probabilities(client.infer(MODEL, tensor(), compression_algorithm=algorithm)))


@case
def async_infer():
    done = queue.Queue()
    client.async_infer(MODEL, tensor(), lambda result, error: done.put((result, error)), request_id="a")
    result, error = done.get(timeout=30)
    assert error is None, error
    expect_probabilities(probabilities(result))


@case
async def asynchronous():
    async with triton_aio.InferenceServerClient(ADDRESS) as asynchronous_client:
        expect_probabilities(probabilities(await asynchronous_client.infer(MODEL, tensor())))


@case
def errors():
    try:
        client.infer(MODEL, tensor(FP32[:, :100]))
    except InferenceServerException as error:
        assert error.status() == "StatusCode.INVALID_ARGUMENT", error
        assert "inputs[0].shape must be [n, 224, 224, 3]" in error.message(), error
        return
    raise AssertionError("a wrong shape was accepted")


run()
