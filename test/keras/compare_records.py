"""Compares the committed records with records that Keras has just written: `npm run test:keras`.

    python test/keras/compare_records.py COMMITTED NEW

Prints a line for each folder in them; fails where one differs by more than another CPU's last digits.
"""

import base64
import io
import json
import pathlib
import sys
import zipfile

import h5py
import numpy as np
from PIL import Image

# Tolerances: floating-point numbers, as a share of their range; pixels, grey levels.
TOLERANCE = 1e-4
PIXEL_TOLERANCE = 1


def floats(text):
    """Numbers of a text that holds little-endian float32 in base64."""
    return np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype("f8")


def number_difference(ours, theirs):
    ours, theirs = np.asarray(ours, "f8"), np.asarray(theirs, "f8")
    span = max(np.ptp(ours), np.abs(ours).max(), 1e-12)
    return np.abs(ours - theirs).max() / span


def json_difference(ours, theirs):
    """Largest difference of numbers, as a share of their range; infinite where anything else differs."""
    if ours == theirs:
        return 0.0
    if type(ours) is not type(theirs) or isinstance(ours, bool):
        return np.inf
    if isinstance(ours, dict):
        if ours.keys() != theirs.keys():
            return np.inf
        return max(json_difference(value, theirs[key]) for key, value in ours.items())
    if isinstance(ours, list):
        if len(ours) != len(theirs):
            return np.inf
        if all(type(value) in (int, float) for value in ours + theirs):
            return number_difference(ours, theirs)
        return max(map(json_difference, ours, theirs))
    if isinstance(ours, str):
        try:
            ours, theirs = floats(ours), floats(theirs)
        except ValueError:
            return np.inf
        return number_difference(ours, theirs) if len(ours) == len(theirs) else np.inf
    return number_difference(ours, theirs)


def h5_file(file):
    """The HDF5 file; a .keras file is a zip archive that holds it beside the configuration."""
    if file.suffix != ".keras":
        return file
    with zipfile.ZipFile(file) as archive:
        return io.BytesIO(archive.read("model.weights.h5"))


def h5_structure(file):
    """Names of everything in a file, with shapes and types; the values of layers that it starts at random differ."""
    found = {}
    with h5py.File(h5_file(file)) as root:
        root.visititems(
            lambda name, item: found.update(
                {name: (sorted(item.attrs), getattr(item, "shape", None), str(getattr(item, "dtype", None)))}
            )
        )
        return found, sorted(root.attrs)


def difference(ours, theirs):
    """Whether a file is within its tolerance, and by how much it differs."""
    if ours.suffix == ".json":
        found = json_difference(*(json.loads(file.read_text("utf8")) for file in (ours, theirs)))
        return found <= TOLERANCE, found
    if ours.suffix == ".png":
        pixels, others = (np.asarray(Image.open(file), "i4") for file in (ours, theirs))
        found = np.abs(pixels - others).max() if pixels.shape == others.shape else np.inf
        return found <= PIXEL_TOLERANCE, found
    same = h5_structure(ours) == h5_structure(theirs)
    return same, 0 if same else np.inf


def compare(committed, new):
    """Compares two folders of files."""
    names = sorted(file.name for file in committed.iterdir())
    missing = set(names) ^ {file.name for file in new.iterdir()}
    if missing:
        print(f"FAILED {committed.name}: only one side has {', '.join(sorted(missing))}")
        return False
    results = {name: difference(committed / name, new / name) for name in names}
    wrong = [f"{name} ({found})" for name, (holds, found) in results.items() if not holds]
    if wrong:
        print(f"FAILED {committed.name}: Keras no longer says {', '.join(wrong)}")
        return False
    largest = {
        suffix: max((found for name, (_, found) in results.items() if name.endswith(suffix)), default=0)
        for suffix in (".json", ".png")
    }
    print(
        f"ok {committed.name}: Keras says what the {len(names)} recorded files say, "
        f"but for {largest['.json']:.1e} of a number's range and {largest['.png']} grey levels"
    )
    return True


def main():
    committed, new = map(pathlib.Path, sys.argv[1:])
    folders = sorted(folder.name for folder in committed.iterdir() if folder.is_dir())
    results = [compare(committed / name, new / name) for name in folders]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
