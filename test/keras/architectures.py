"""Records real Keras' layers and outputs for the architectures of models/catalog.ts, for test/models/architectures.test.ts.

Without arguments it writes all of test/fixtures/keras/architectures/. Nothing is downloaded: weights are
drawn by `seeded_weight`, which test/support/keras-architectures.ts draws again, so no weights are committed.

    python test/keras/architectures.py [architecture ...]
    python test/keras/architectures.py --write-h5 DIR [architecture ...]

The second form writes the same seeded weights in Keras' three HDF5 layouts instead, for tests of their import:
    <architecture>.notop.h5     without top, the layout of Keras Applications' published files
    <architecture>.weights.h5   with the head, `model.save_weights`
    <architecture>.h5           with the head, `model.save`

Recorded with tensorflow-cpu 2.21.0, keras 3.12.0, numpy 2.4.6, h5py 3.14.0 on an x86-64 CPU; other CPUs give other
last digits of the features.
"""

import argparse
import base64
import hashlib
import json
import math
import os
import pathlib
import re

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import h5py
import keras
import numpy as np
import tensorflow as tf
from keras import applications
from keras.src.legacy.saving import legacy_h5_format

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures" / "keras" / "architectures"

BUILDERS = {
    "resnet101v2": applications.ResNet101V2,
    "resnet50v2": applications.ResNet50V2,
    "mobilenetv2": applications.MobileNetV2,
    "mobilenetv2_050": lambda **options: applications.MobileNetV2(alpha=0.5, **options),
}
INPUT_SHAPE = (224, 224, 3)
# Odd at several strides, because Keras pads odd sizes differently.
ODD_INPUT_SHAPE = (97, 78, 3)
CLASSES = 10
# MobileNetV2 widths whose parameter counts are recorded; together they use every rule for rounding channels.
WIDTHS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
# The recipes' counts of un-frozen layers.
UNFROZEN_COUNTS = (5, 8)
# There are many spatial features: only every n-th is recorded, in row-major order.
SPATIAL_STRIDE = 101
# Bounds of seeded weights, except kernels of convolutions.
SEEDED_RANGES = {
    "kernel": (-0.04, 0.04),
    "depthwise_kernel": (-0.5, 0.5),
    "bias": (-0.1, 0.1),
    "gamma": (0.5, 1.5),
    "beta": (-0.3, 0.3),
    "moving_mean": (-0.2, 0.2),
    "moving_variance": (0.5, 1.5),
}
# Line width of the repository's prettier.
PRINT_WIDTH = 110


def hash32(text):
    """FNV-1a of ASCII text."""
    value = 0x811C9DC5
    for byte in text.encode("ascii"):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def uniform(name, count):
    """`count` numbers in [0, 1): MurmurHash3's finalizer over a Weyl sequence that starts at the name's hash."""
    x = np.uint32(hash32(name)) + np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x9E3779B9)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x / 2.0**32


def seeded_range(name, shape):
    """Bounds of a weight's uniform distribution.

    Chosen so that activations neither vanish nor explode, ReLU6 cuts at both ends, and the network is calm: at
    depthwise kernels of 0.8, Keras' own float32 features differ from its float64 ones by 1.5e-4 of their range.
    """
    layer, weight = name.split("/")
    if weight == "kernel" and len(shape) == 4:
        # He's limit; quieter at the end of a residual branch, since ResNetV2 adds up to 33 of them.
        limit = math.sqrt(6 / math.prod(shape[:3])) * (0.15 if layer.endswith("_3_conv") else 1)
        return -limit, limit
    return SEEDED_RANGES[weight]


def seeded_weight(name, shape):
    """The seeded values of one weight, `layer/weight`."""
    low, high = seeded_range(name, shape)
    values = low + (high - low) * uniform(name, math.prod(shape))
    return values.astype(np.float32).reshape(shape)


def weight_name(layer, weight):
    """Name as in Keras 2 and tfjs, which call a depthwise kernel so."""
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D) and weight.name == "kernel"
    return f"{layer.name}/{'depthwise_kernel' if depthwise else weight.name}"


def seed_weights(model):
    """Sets every weight to its seeded values; returns the SHA-256 of their bytes in the layers' order."""
    digest = hashlib.sha256()
    for layer in model.layers:
        values = [seeded_weight(weight_name(layer, weight), tuple(weight.shape)) for weight in layer.weights]
        layer.set_weights(values)
        for value in values:
            digest.update(value.astype("<f4").tobytes())
    return digest.hexdigest()


def images():
    """Two images, float32 [2, 224, 224, 3] in [0, 1): gradients of other slopes, and random tiles of 16 pixels."""
    y, x, c = np.meshgrid(*(np.arange(size) for size in INPUT_SHAPE), indexing="ij")
    gradients = ((y * (c + 1) + x) % 256) / 256
    tiles = uniform("tiles", 14 * 14 * 3)[((y // 16) * 14 + x // 16) * 3 + c]
    return np.stack([gradients, tiles]).astype(np.float32)


def encode(values):
    """Little-endian float32 in base64: exact and short."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode("ascii")


def build_backbone(architecture, input_shape=INPUT_SHAPE):
    # Without this, names that Keras makes up depend on what was built before.
    keras.backend.clear_session()
    return BUILDERS[architecture](weights=None, include_top=False, input_shape=input_shape)


def add_head(backbone):
    pooled = keras.layers.GlobalAveragePooling2D(name="avg_pool")(backbone.output)
    probabilities = keras.layers.Dense(CLASSES, activation="softmax", name="predictions")(pooled)
    return keras.Model(backbone.input, probabilities, name="classifier")


def layer_rows(model):
    """Each layer in Keras' order: name, class, output shape, number of parameters."""
    return [
        [layer.name, type(layer).__name__, list(layer.output.shape), layer.count_params()] for layer in model.layers
    ]


def batch_norm_settings(model):
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    settings = {(layer.epsilon, layer.momentum) for layer in norms}
    assert len(settings) == 1, settings
    epsilon, momentum = settings.pop()
    return {"epsilon": epsilon, "momentum": momentum}


def unfrozen(backbone, count):
    """What is trainable after un-freezing the last `count` layers, as Keras' guide to transfer learning does."""
    for layer in backbone.layers:
        layer.trainable = False
    for layer in backbone.layers[-count:]:
        layer.trainable = True
    names = {id(weight): weight_name(layer, weight) for layer in backbone.layers for weight in layer.weights}
    recorded = {
        "layers": [layer.name for layer in backbone.layers[-count:]],
        "trainableWeights": [names[id(weight)] for weight in backbone.trainable_weights],
        "trainableParameters": sum(math.prod(weight.shape) for weight in backbone.trainable_weights),
    }
    backbone.trainable = True
    return recorded


def odd_input(architecture):
    backbone = build_backbone(architecture, ODD_INPUT_SHAPE)
    pads = [layer for layer in backbone.layers if isinstance(layer, keras.layers.ZeroPadding2D)]
    return {
        "inputShape": list(ODD_INPUT_SHAPE),
        "outputShape": list(backbone.output.shape),
        "padding": {layer.name: [list(axis) for axis in layer.padding] for layer in pads},
    }


def outputs(backbone):
    """Features and probabilities of the two images with seeded weights."""
    classifier = add_head(backbone)
    sha256 = seed_weights(classifier)
    pooled = classifier.get_layer("avg_pool").output
    run = keras.Model(classifier.input, [backbone.output, pooled, classifier.output])
    spatial, pooled, probabilities = run(images(), training=False)
    return {
        "classes": CLASSES,
        "weightsSha256": sha256,
        "spatialStride": SPATIAL_STRIDE,
        "spatialFeatures": encode(np.ravel(spatial)[::SPATIAL_STRIDE]),
        "pooledFeatures": encode(pooled),
        "probabilities": encode(probabilities),
    }


def record(architecture):
    with_top = BUILDERS[architecture](weights=None).count_params()
    odd = odd_input(architecture)
    backbone = build_backbone(architecture)
    return {
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "name": backbone.name,
        "parametersWithoutTop": backbone.count_params(),
        "parametersWithTop": with_top,
        "batchNorm": batch_norm_settings(backbone),
        "layers": layer_rows(backbone),
        "unfrozen": {str(count): unfrozen(backbone, count) for count in UNFROZEN_COUNTS},
        "oddInput": odd,
        "seeded": outputs(backbone),
    }


def width_parameters():
    """Numbers of parameters of MobileNetV2 without top, by width multiplier."""
    build = applications.MobileNetV2
    return {
        str(alpha): build(alpha=alpha, weights=None, include_top=False, input_shape=INPUT_SHAPE).count_params()
        for alpha in WIDTHS
    }


def to_json(value, indent=0, before=0):
    """JSON with prettier's line breaks, `before` characters after the indentation; objects have a line a key."""
    flat = json.dumps(value)
    if not isinstance(value, (dict, list)):
        return re.sub("e-0", "e-", flat) if isinstance(value, float) else flat
    is_matrix = isinstance(value, list) and len(value) > 1 and all(isinstance(v, list) and len(v) > 1 for v in value)
    if isinstance(value, list) and not is_matrix and indent + before + len(flat) < PRINT_WIDTH:
        return flat
    keys = [f"{json.dumps(key)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
    values = value.values() if isinstance(value, dict) else value
    lines = [key + to_json(item, indent + 2, len(key)) for key, item in zip(keys, values)]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    inner = "\n" + " " * (indent + 2)
    return opening + inner + f",{inner}".join(lines) + "\n" + " " * indent + closing


def write_record(name, value):
    FIXTURES.mkdir(parents=True, exist_ok=True)
    file = FIXTURES / f"{name}.json"
    file.write_text(to_json(value) + "\n")
    print(file)


def write_h5(architecture, folder):
    backbone = build_backbone(architecture)
    classifier = add_head(backbone)
    seed_weights(classifier)
    with h5py.File(folder / f"{architecture}.notop.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, backbone)
    classifier.save_weights(folder / f"{architecture}.weights.h5")
    classifier.save(folder / f"{architecture}.h5")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architectures", nargs="*", metavar="architecture")
    parser.add_argument("--write-h5", type=pathlib.Path, metavar="DIR")
    arguments = parser.parse_args()
    for architecture in arguments.architectures:
        if architecture not in BUILDERS:
            parser.error(f"architecture must be one of {', '.join(BUILDERS)}, received {architecture}")
    for architecture in arguments.architectures or BUILDERS:
        if arguments.write_h5 is None:
            write_record(architecture, record(architecture))
        else:
            arguments.write_h5.mkdir(parents=True, exist_ok=True)
            write_h5(architecture, arguments.write_h5)
            print(arguments.write_h5 / f"{architecture}.h5")
    if arguments.write_h5 is None and not arguments.architectures:
        write_record("mobilenetv2-widths", width_parameters())


if __name__ == "__main__":
    main()
