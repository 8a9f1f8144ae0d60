"""Takes the same steps of training as test/keras/training-steps.ts, with real Keras.

    python test/keras/training_steps.py FOLDER

FOLDER holds what both sides start from:
    case.json            {"architecture", "layersUnfrozen", "batchNorm", "learningRate"}
    start.safetensors    every weight of the classifier, `layer/weight`
    batches.safetensors  for step N images/N, float32 [b, 224, 224, 3], and labels/N, the classes' indices as float32 [b]
and receives
    keras.safetensors    every weight after the last step; `loss` and `accuracy` of each step, [steps]

Keras computes in double precision. In single precision it is no yardstick of 1e-3: Adam makes full steps of gradients
that are near zero, so that rounding grows, and Keras with oneDNN ends 2e-3 of a tensor's way from where Keras in double
precision does (MobileNetV2, 20 steps), without oneDNN 3e-6 to 1e-3.
"""

import json
import math
import pathlib
import sys

# First, since it sets TensorFlow's environment.
from architectures import build_backbone, weight_name

import keras
import numpy as np


def read_safetensors(file):
    data = file.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data, "<f4", math.prod(entry["shape"]), start + entry["data_offsets"][0]).reshape(
            entry["shape"]
        )
        for name, entry in header.items()
    }


def write_safetensors(file, tensors):
    header, parts, offset = {}, [], 0
    for name, values in tensors.items():
        part = np.ascontiguousarray(values, "<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(np.shape(values)),
            "data_offsets": [offset, offset + len(part)],
        }
        parts.append(part)
        offset += len(part)
    text = json.dumps(header).encode("utf8")
    file.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(parts))


class InferenceBackbone(keras.Model):
    """A backbone whose BatchNorm normalises by its moving statistics in training too, then a head.

    Keras' guide to transfer learning gets this by `backbone(inputs, training=False)` in a functional model. In Keras 3
    that has no effect: training hands its own `training=True` down (keras-team/keras#20285). A `call` of one's own
    has it.
    """

    def __init__(self, backbone, pooling, head):
        super().__init__()
        self.backbone, self.pooling, self.head = backbone, pooling, head

    def call(self, inputs):
        return self.head(self.pooling(self.backbone(inputs, training=False)))


def build_classifier(case, classes):
    """A backbone with its last layers un-frozen and a head; returns the model and its layers with weights."""
    backbone = build_backbone(case["architecture"])
    frozen = len(backbone.layers) - case["layersUnfrozen"]
    for i, layer in enumerate(backbone.layers):
        layer.trainable = i >= frozen
    pooling = keras.layers.GlobalAveragePooling2D(name="avg_pool")
    head = keras.layers.Dense(classes, activation="softmax", name="predictions")
    model = keras.Model(backbone.input, head(pooling(backbone.output)))
    if case["batchNorm"] == "inference":
        model = InferenceBackbone(backbone, pooling, head)
    model.compile(
        optimizer=keras.optimizers.Adam(case["learningRate"]),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model, [*backbone.layers, head]


def main():
    folder = pathlib.Path(sys.argv[1])
    keras.config.set_floatx("float64")
    case = json.loads((folder / "case.json").read_text())
    start = read_safetensors(folder / "start.safetensors")
    batches = read_safetensors(folder / "batches.safetensors")
    classes = len(start["predictions/bias"])
    model, layers = build_classifier(case, classes)
    names = {weight_name(layer, weight) for layer in layers for weight in layer.weights}
    assert names == set(start), names ^ set(start)
    for layer in layers:
        layer.set_weights([start[weight_name(layer, weight)] for weight in layer.weights])
    losses, accuracies = [], []
    for step in range(len(batches) // 2):
        targets = keras.utils.to_categorical(batches[f"labels/{step}"].astype("int32"), classes)
        # What train_on_batch returns are means since the last reset.
        model.reset_metrics()
        figures = model.train_on_batch(batches[f"images/{step}"], targets, return_dict=True)
        losses.append(figures["loss"])
        accuracies.append(figures["accuracy"])
    trained = {weight_name(layer, weight): weight.numpy() for layer in layers for weight in layer.weights}
    write_safetensors(folder / "keras.safetensors", {**trained, "loss": losses, "accuracy": accuracies})


if __name__ == "__main__":
    main()
