"""The image as numpy arrays."""

import numpy as np

from harness import PIXELS

UINT8 = np.fromfile(PIXELS, dtype=np.uint8).reshape(1, 224, 224, 3)
FP32 = UINT8.astype(np.float32) / np.float32(255)
