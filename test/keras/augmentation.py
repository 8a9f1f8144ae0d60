"""Records results of real Keras' `ImageDataGenerator`, for test/models/data/augmentation-keras.test.ts.

    python test/keras/augmentation.py

writes test/fixtures/keras/augmentation/:
    <image>.png   the image, below it what `apply_transform` makes of it with each set of parameters
    cases.json      those parameters, by image
    flow.json       input values that `flow` yields for an image and known parameters, and of the 256 grey levels
    draws.json      ranges, means and variances of 10,000 draws of `get_random_transform`

Recorded with keras 3.12.0, numpy 2.4.6, scipy 1.17.1, pillow 13.0.0.
"""

import base64
import json
import os
import pathlib

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from PIL import Image

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures" / "keras" / "augmentation"
# The recipe's arguments, models/recipes.ts.
RECIPE = {
    "rescale": 1 / 255,
    "rotation_range": 10,
    "zoom_range": 0.1,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "shear_range": 0.1,
    "horizontal_flip": True,
    "vertical_flip": True,
    "fill_mode": "nearest",
    "brightness_range": (0.8, 1.2),
    "channel_shift_range": 20,
}
# Not square, with different ranges for height and width, so that swapped axes are detected.
DRAWN_SHAPE = (300, 200, 3)
DRAWS = 10_000
ALONE = [
    {},
    {"theta": 10},
    {"theta": -3.7},
    {"theta": 90},
    {"theta": 180},
    {"tx": 2},
    {"tx": -1.3},
    {"ty": 3},
    {"ty": -0.45},
    {"tx": 400},
    {"shear": 0.1},
    {"shear": -12},
    {"zx": 0.9},
    {"zx": 1.13},
    {"zy": 0.85},
    {"zy": 1.1},
    {"flip_horizontal": True},
    {"flip_vertical": True},
    {"channel_shift_intensity": 20},
    {"channel_shift_intensity": -13.7},
    {"channel_shift_intensity": 300},
    {"brightness": 0.8},
    {"brightness": 1.2},
    {"brightness": 1.0731},
    {"brightness": 0},
]
COMBINED = [
    {"theta": 5, "tx": 2, "ty": -1},
    {"theta": -33, "shear": 20, "zx": 0.7, "zy": 1.4, "tx": 1.5, "ty": -2.5},
    {"zx": 0.9, "zy": 0.9, "flip_horizontal": True, "channel_shift_intensity": 15},
    {"tx": 1.5, "flip_vertical": True, "brightness": 1.1},
    {"channel_shift_intensity": 20, "brightness": 1.2},
    {"channel_shift_intensity": -20, "brightness": 0.8},
]
RANDOM_COMBINATIONS = 8


def images():
    """Small synthetic images: noise of a middling range, hard edges over flat ground, a scene of the input size."""
    random = np.random.default_rng(7)
    noise = random.integers(35, 216, (13, 18, 3))
    edges = np.full((32, 32, 3), 96)
    edges[4:14, 6:20] = (255, 0, 40)
    edges[20:, ::3] = (0, 255, 255)
    edges[:, 29] = 17
    row, column = np.mgrid[:224, :224]
    scene = np.stack([row * 0.9 + 20, column * 0.8 + 30, 128 + 90 * np.sin(row / 9) * np.cos(column / 13)], -1)
    for x, y, radius, colour in ((60, 70, 40, (250, 240, 90)), (150, 120, 55, (20, 30, 160)), (200, 30, 25, (255, 255, 255))):
        scene[(row - y) ** 2 + (column - x) ** 2 < radius**2] = colour
    return {name: np.uint8(x) for name, x in {"noise": noise, "edges": edges, "scene": scene}.items()}


def plain(parameters):
    """Parameters as JSON has them."""
    return {name: bool(value) if name.startswith("flip") else float(value) for name, value in parameters.items()}


def as_bytes(x):
    """Fractions cut off: what Keras' own brightness step does first, and leaves."""
    return x.astype(np.uint8)


def as_base64(values):
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()


def record_cases(generator):
    cases = {}
    for name, image in images().items():
        np.random.seed(11)
        x = image.astype(np.float32)
        drawn = [plain(generator.get_random_transform(x.shape)) for _ in range(RANDOM_COMBINATIONS)]
        cases[name] = drawn if name == "scene" else ALONE + COMBINED + drawn
        results = [as_bytes(generator.apply_transform(x.copy(), case)) for case in cases[name]]
        Image.fromarray(np.concatenate([image, *results])).save(FIXTURES / f"{name}.png", optimize=True)
    write("cases.json", cases)


def record_flow(generator):
    image = images()["noise"]
    np.random.seed(12)
    parameters = plain(generator.get_random_transform(image.shape))
    generator.get_random_transform = lambda shape, seed=None: dict(parameters)
    values = next(generator.flow(image[None].astype(np.float32), batch_size=1, shuffle=False))[0]
    levels = generator.standardize(np.arange(256, dtype=np.float32))
    del generator.get_random_transform
    write("flow.json", {"parameters": parameters, "values": as_base64(values), "levels": as_base64(levels)})


def record_draws(generator):
    np.random.seed(13)
    draws = [generator.get_random_transform(DRAWN_SHAPE) for _ in range(DRAWS)]
    statistics = {}
    for name in draws[0]:
        values = np.array([float(draw[name]) for draw in draws])
        statistics[name] = {"min": values.min(), "max": values.max(), "mean": values.mean(), "variance": values.var()}
    zooms = np.array([(draw["zx"], draw["zy"]) for draw in draws])
    write(
        "draws.json",
        {
            "height": DRAWN_SHAPE[0],
            "width": DRAWN_SHAPE[1],
            "draws": DRAWS,
            "zoomCorrelation": float(np.corrcoef(zooms.T)[0, 1]),
            "statistics": statistics,
        },
    )


def write(name, value):
    (FIXTURES / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf8")


FIXTURES.mkdir(parents=True, exist_ok=True)
record_cases(ImageDataGenerator(**RECIPE))
record_flow(ImageDataGenerator(**RECIPE))
record_draws(ImageDataGenerator(**{**RECIPE, "width_shift_range": 0.05}))
