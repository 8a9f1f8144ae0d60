"""The reference's two-stage recipe as a Keras user would write it, for comparison with `tandem train`.

Reads RECIPE as JSON on standard input (printed by bench/experiments/print-recipe.ts from the recipe table, so that no number is
typed twice), trains on DATA/train, validates on DATA/val, and writes into OUT: history.jsonl, one line per epoch, and
probabilities.json, the final model's probabilities for every image of val and test.

usage: keras_recipe.py --data DIR --weights FILE.h5 --out DIR [--seed N] [--epochs HEAD FINE_TUNE]
       [--batch-norm inference|batch] < RECIPE
"""

import argparse
import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator

SPLITS = ("val", "test")
BATCH_NORM = "inference"
APPLICATIONS = {
    "resnet101v2": keras.applications.ResNet101V2,
    "mobilenetv2": keras.applications.MobileNetV2,
}


class Classifier(keras.Model):
    """Backbone in inference mode, global average pooling, softmax head: Keras' guide to transfer learning.

    A class, since the functional model of the guide no longer does what the guide says: in Keras 3.12 `fit` overrides
    the `training=False` that its backbone was called with (keras/src/models/functional.py, operation_fn), and un-frozen
    BatchNorm normalises by batch.
    """

    def __init__(self, architecture, weights, class_count):
        super().__init__()
        shape = (224, 224, 3)
        self.base = APPLICATIONS[architecture](include_top=False, weights=weights, input_shape=shape)
        self.pooling = keras.layers.GlobalAveragePooling2D(name="avg_pool")
        self.head = keras.layers.Dense(class_count, activation="softmax", name="predictions")

    def call(self, images, training=None):
        # --batch-norm batch: what the functional model does in Keras 3.12.
        mode = training if BATCH_NORM == "batch" else False
        return self.head(self.pooling(self.base(images, training=mode)))


class HistoryLines(keras.callbacks.Callback):
    """Appends one line at the end of each epoch."""

    def __init__(self, file, stage):
        super().__init__()
        self.file, self.stage, self.started = file, stage, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.monotonic() - self.started
        figures = {name: float(value) for name, value in (logs or {}).items()}
        line = {"stage": self.stage, "epoch": epoch + 1, "seconds": seconds, **figures}
        with open(self.file, "a", encoding="utf8") as out:
            out.write(json.dumps(line) + "\n")
        print(json.dumps(line), file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--weights", help="h5 file of the backbone without its top (default: random weights)")
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, nargs=2, help="epochs of both stages, for a benchmark (default: the recipe's)")
    parser.add_argument("--batch-norm", choices=("inference", "batch"), default="inference")
    parser.add_argument("--jit", action="store_true", help="compile with XLA, Keras' default; slower on CPUs")
    options = parser.parse_args()
    global BATCH_NORM
    BATCH_NORM = options.batch_norm
    recipe = json.load(sys.stdin)
    augmentation = recipe["augmentation"]
    keras.utils.set_random_seed(options.seed)
    os.makedirs(options.out, exist_ok=True)

    train = ImageDataGenerator(
        rescale=recipe["rescale"],
        rotation_range=augmentation["rotationRangeDegrees"],
        zoom_range=augmentation["zoomRange"],
        width_shift_range=augmentation["widthShiftRange"],
        height_shift_range=augmentation["heightShiftRange"],
        shear_range=augmentation["shearRangeDegrees"],
        horizontal_flip=augmentation["horizontalFlip"],
        vertical_flip=augmentation["verticalFlip"],
        fill_mode=augmentation["fillMode"],
        brightness_range=augmentation["brightnessRange"],
        channel_shift_range=augmentation["channelShiftRange"],
    ).flow_from_directory(
        os.path.join(options.data, "train"),
        target_size=(224, 224),
        batch_size=recipe["batchSize"],
        seed=options.seed,
    )
    plain = {
        split: ImageDataGenerator(rescale=recipe["rescale"]).flow_from_directory(
            os.path.join(options.data, split), target_size=(224, 224), batch_size=32, shuffle=False
        )
        for split in SPLITS
    }
    model = Classifier(recipe["architecture"], options.weights, train.num_classes)
    base = model.base
    base.trainable = False
    head_epochs, fine_tune_epochs = options.epochs or (recipe["head"]["epochs"], recipe["fineTune"]["epochs"])

    def fit(stage, epochs, learning_rate):
        model.compile(
            keras.optimizers.Adam(learning_rate),
            "categorical_crossentropy",
            metrics=["accuracy"],
            jit_compile=options.jit,
        )
        lines = HistoryLines(os.path.join(options.out, "history.jsonl"), stage)
        model.fit(train, epochs=epochs, validation_data=plain["val"], callbacks=[lines], verbose=0)

    if head_epochs:
        fit("head", head_epochs, recipe["head"]["learningRate"])
    if fine_tune_epochs:
        base.trainable = True
        for layer in base.layers[: -recipe["fineTune"]["layersUnfrozen"]]:
            layer.trainable = False
        fit("fine-tune", fine_tune_epochs, recipe["fineTune"]["learningRate"])

    result = {
        "classes": list(train.class_indices),
        "keras": keras.__version__,
        "seed": options.seed,
        "batchNorm": BATCH_NORM,
    }
    for split in SPLITS:
        probabilities = model.predict(plain[split], verbose=0)
        result[split] = {
            "files": plain[split].filenames,
            "labels": plain[split].classes.tolist(),
            "probabilities": np.round(probabilities.astype(float), 7).tolist(),
        }
        right = float(np.mean(probabilities.argmax(-1) == plain[split].classes))
        print(f"{split}: accuracy {right:.4f} of {len(plain[split].classes)}", file=sys.stderr, flush=True)
    with open(os.path.join(options.out, "probabilities.json"), "w", encoding="utf8") as out:
        json.dump(result, out)


main()
