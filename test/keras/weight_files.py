"""Writes and reads weight files with real Keras, for test/models/weights/keras-h5.test.ts.

    python test/keras/weight_files.py record
    python test/keras/weight_files.py check FILE ARCHITECTURE [--top]
    python test/keras/weight_files.py same FILE OTHER_FILE ARCHITECTURE

`record` writes test/fixtures/keras/weight-files/: a model of four layers, alone and inside another, in every layout of
Keras' weight files. `check` loads a file that we wrote with architectures.py's seeded weights into Keras Applications'
model and compares every tensor exactly; `same` compares two files through that model. Nothing is downloaded.

Recorded with tensorflow-cpu 2.21.0, keras 3.12.0, numpy 2.4.6, h5py 3.14.0.
"""

import argparse
import math
import pathlib
import sys

from architectures import BUILDERS, CLASSES, seeded_weight, weight_name

import h5py
import keras
import numpy as np
from keras.src.legacy.saving import legacy_h5_format

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures" / "keras" / "weight-files"


def small_model(prefix=""):
    """Four layers of the kinds that the architectures have. The test states their names and shapes again."""
    layers = keras.layers
    images = keras.Input((4, 4, 2), name="image")
    x = layers.Conv2D(3, 1, name=f"{prefix}stem")(images)
    x = layers.BatchNormalization(name=f"{prefix}stem_bn")(x)
    x = layers.DepthwiseConv2D(2, use_bias=False, name=f"{prefix}depth")(x)
    x = layers.ReLU(name=f"{prefix}relu")(x)
    x = layers.Conv2D(2, 1, use_bias=False, name=f"{prefix}point")(x)
    return keras.Model(images, x, name="small")


def wrap(model):
    """The model inside another, as transfer learning has it, with a top, random layers and an optimizer's state."""
    layers = keras.layers
    images = keras.Input((4, 4, 2))
    x = layers.RandomFlip()(images)
    x = model(layers.Rescaling(1 / 255)(x), training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    wrapped = keras.Model(images, layers.Dense(3, activation="softmax")(x))
    wrapped.compile("adam", "categorical_crossentropy")
    wrapped.optimizer.build(wrapped.trainable_variables)
    return wrapped


def number(model):
    """Number i of the weight at position k is 100 k + i / 8: exact, and none is like another."""
    for position, weight in enumerate(w for layer in model.layers for w in layer.weights):
        shape = tuple(weight.shape)
        weight.assign(100 * position + np.arange(math.prod(shape), dtype=np.float32).reshape(shape) / 8)


def write_published(file, model, split=False):
    """The layout of the published files: Keras 2's names, texts of fixed length, a long list in parts."""
    with h5py.File(file, "w") as root:
        root.attrs["backend"] = b"tensorflow"
        root.attrs["keras_version"] = b"2.1.6"
        names = np.array([layer.name.encode() for layer in model.layers])
        parts = {"layer_names": names} if not split else dict(zip(["layer_names0", "layer_names1"], np.split(names, 2)))
        for key, part in parts.items():
            root.attrs[key] = part
        for layer in model.layers:
            group = root.create_group(layer.name)
            paths = [f"{layer.name}/{weight.name}:0".encode() for weight in layer.weights]
            group.attrs["weight_names"] = np.array(paths, dtype=None if paths else "S1")
            for path, weight in zip(paths, layer.weights):
                group[path.decode()] = weight.numpy()


def record():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    keras.backend.clear_session()
    model = small_model()
    number(model)
    model.save(FIXTURES / "model.h5")
    model.save(FIXTURES / "model.keras")
    model.save_weights(FIXTURES / "model.weights.h5")
    write_published(FIXTURES / "published.h5", model)
    with h5py.File(FIXTURES / "notop.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    model.save_weights(FIXTURES / "nameless.weights.h5")
    # As Keras 3 wrote it at first.
    with h5py.File(FIXTURES / "nameless.weights.h5", "a") as file:
        file.visititems(lambda _, item: item.attrs.clear())
    wrapped = wrap(model)
    wrapped.save(FIXTURES / "wrapped.h5")
    wrapped.save(FIXTURES / "wrapped.keras")
    wrapped.save_weights(FIXTURES / "wrapped.weights.h5")
    renamed = small_model("other_")
    number(renamed)
    write_published(FIXTURES / "renamed.h5", renamed, split=True)
    renamed.save_weights(FIXTURES / "renamed.weights.h5")
    for file in sorted(FIXTURES.iterdir()):
        print(file, file.stat().st_size)


def load(file, architecture, top):
    keras.backend.clear_session()
    options = {"classes": CLASSES} if top else {"input_shape": (224, 224, 3)}
    model = BUILDERS[architecture](weights=None, include_top=top, **options)
    model.load_weights(file)
    return [(weight_name(layer, weight), weight.numpy()) for layer in model.layers for weight in layer.weights]


def report(pairs, total):
    wrong = [name for name, ours, theirs in pairs if ours.tobytes() != theirs.tobytes()]
    if wrong:
        sys.exit(f"{len(wrong)} of {total} weights differ: {', '.join(wrong[:5])}")
    print(f"{total} weights equal")


def check(file, architecture, top):
    weights = load(file, architecture, top)
    report([(name, value, seeded_weight(name, value.shape)) for name, value in weights], len(weights))


def same(file, other, architecture):
    ours, theirs = load(file, architecture, False), load(other, architecture, False)
    report([(name, value, theirs[i][1]) for i, (name, value) in enumerate(ours)], len(ours))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("record")
    for command, files in {"check": ["file"], "same": ["file", "other"]}.items():
        subparser = commands.add_parser(command)
        for name in files:
            subparser.add_argument(name)
        subparser.add_argument("architecture", choices=BUILDERS)
        if command == "check":
            subparser.add_argument("--top", action="store_true")
    arguments = vars(parser.parse_args())
    {"record": record, "check": check, "same": same}[arguments.pop("command")](**arguments)


if __name__ == "__main__":
    main()
