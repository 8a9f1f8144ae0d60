"""Records real Keras' probabilities of MobileNetV2 with real ImageNet weights and a computed head of 1,000 classes.

It writes test/fixtures/imagenet/mobilenetv2.json for test/models/weights/imagenet-numbers.slow.test.ts, which
computes the same head. The weights are not committed; the record has their checksum.

    python test/keras/imagenet_head.py WEIGHTS_WITHOUT_TOP.h5

Recorded with tensorflow-cpu 2.21.0, keras 3.12.0, numpy 2.4.6, h5py 3.14.0 on an x86-64 CPU.
"""

import hashlib
import json
import pathlib
import sys

from architectures import encode, images
from keras import applications
import numpy as np

RECORD = pathlib.Path(__file__).parent.parent / "fixtures" / "imagenet" / "mobilenetv2.json"
CLASSES = 1000


def head(channels):
    """Kernel and bias, which float32 holds as the test computes them."""
    i, j = np.meshgrid(np.arange(channels), np.arange(CLASSES), indexing="ij")
    return ((i * 7 + j * 13) % 101 - 50) / 1024, (np.arange(CLASSES) % 11) / 16


def main(file):
    backbone = applications.MobileNetV2(weights=None, include_top=False, pooling="avg")
    backbone.load_weights(file)
    classifier = applications.MobileNetV2(weights=None, classes=CLASSES)
    classifier.set_weights(backbone.get_weights() + list(head(backbone.output.shape[-1])))
    # `preprocess_input` takes pixels up to 255.
    probabilities = classifier.predict(applications.mobilenet_v2.preprocess_input(images() * 255.0))
    record = {
        "weightsSha256": hashlib.sha256(pathlib.Path(file).read_bytes()).hexdigest(),
        "probabilities": encode(probabilities),
    }
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps(record, indent=2) + "\n")


main(sys.argv[1])
