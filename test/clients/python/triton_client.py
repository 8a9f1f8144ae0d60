import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from harness import CLASSES, EXPECTED, HOST, MODEL, case, expect_probabilities, run
from pixels import FP32, UINT8

client = triton.InferenceServerClient(HOST)


def tensor(array=FP32, datatype="FP32", **options):
    image = triton.InferInput("image", list(array.shape), datatype)
    image.set_data_from_numpy(array, **options)
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
    assert client.get_server_metadata()["name"] == "tandem"
    assert client.get_model_metadata(MODEL)["inputs"][0]["parameters"]["range_UINT8"] == "[0, 255]"
    config = client.get_model_config(MODEL)
    assert config["input"][0]["dims"] == [224, 224, 3], config


@case
def repository_index():
    assert {"name": MODEL, "state": "READY"}.items() <= client.get_model_repository_index()[0].items()


@case
def statistics():
    def images(*model):
        return client.get_inference_statistics(*model)["model_stats"][0]["inference_count"]

    before = images(MODEL)
    client.infer(MODEL, tensor())
    assert images(MODEL) == before + 1
    assert images() == before + 1


@case
def infer_defaults():
    expect_probabilities(probabilities(client.infer(MODEL, tensor())))


@case
def infer_uint8_batch():
    result = client.infer(MODEL, tensor(UINT8.repeat(8, axis=0), "UINT8"))
    expect_probabilities(probabilities(result), images=8)


@case
def infer_json():
    outputs = [triton.InferRequestedOutput("probabilities", binary_data=False)]
    expect_probabilities(probabilities(client.infer(MODEL, tensor(binary_data=False), outputs=outputs)))


@case
def infer_json_to_binary():
    expect_probabilities(probabilities(client.infer(MODEL, tensor(binary_data=False))))


@case
def infer_classes():
    for binary in (True, False):
        outputs = [triton.InferRequestedOutput("probabilities", binary_data=binary, class_count=2)]
        names = client.infer(MODEL, tensor(), outputs=outputs).as_numpy("probabilities").ravel()
        first = names[0].decode() if isinstance(names[0], bytes) else names[0]
        _, index, name = first.split(":")
        assert (len(names), CLASSES[int(index)], name) == (2, EXPECTED, EXPECTED), names


@case
def compression():
    for algorithm in ("gzip", "deflate"):
        options = {"request_compression_algorithm": algorithm, "response_compression_algorithm": algorithm}
        expect_probabilities(probabilities(client.infer(MODEL, tensor(), **options)))


@case
def async_infer():
    expect_probabilities(probabilities(client.async_infer(MODEL, tensor(), request_id="a").get_result()))


@case
def errors():
    try:
        client.infer(MODEL, tensor(FP32[:, :100]))
    except InferenceServerException as error:
        assert "inputs[0].shape must be [n, 224, 224, 3]" in error.message(), error
        return
    raise AssertionError("a wrong shape was accepted")


run()
