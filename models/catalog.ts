/**
 * The two classifiers Tandem serves and what they are made of. Pure data: no imports.
 *
 * @see docs/reference.md#models
 */

/** What a model is tuned for. The ids are public: URLs, file names and manifests use them. */
export const MODEL_IDS = ['accuracy', 'latency'] as const;
export type ModelId = (typeof MODEL_IDS)[number];

/**
 * The architectures that can be trained and served: Keras Applications' names, followed by the width multiplier in
 * percent if it is not 1.
 */
export const ARCHITECTURE_IDS = ['resnet101v2', 'resnet50v2', 'mobilenetv2', 'mobilenetv2_050'] as const;
export type ArchitectureId = (typeof ARCHITECTURE_IDS)[number];

/** Name of each architecture in text. */
export const ARCHITECTURES: Readonly<Record<ArchitectureId, { readonly title: string }>> = {
  resnet101v2: { title: 'ResNet101V2' },
  resnet50v2: { title: 'ResNet50V2' },
  mobilenetv2: { title: 'MobileNetV2' },
  mobilenetv2_050: { title: 'MobileNetV2 (alpha 0.5)' },
};

/** The architecture behind each model. */
export const MODELS = {
  accuracy: { architecture: 'resnet101v2', title: 'ResNet101V2, tuned for accuracy' },
  latency: { architecture: 'mobilenetv2', title: 'MobileNetV2, tuned for latency' },
} as const satisfies Record<ModelId, { architecture: ArchitectureId; title: string }>;

/** Shape of one input image: float32 [height, width, channels], RGB. */
export const INPUT_SHAPE = [224, 224, 3] as const;

/** The filter that resizes images to the input's size: libvips' name, and words for those who must repeat it. */
export const RESIZE_FILTER = {
  kernel: 'linear',
  words: 'bilinear, antialiased when shrinking, without keeping the aspect ratio',
} as const;

/** Factor on pixels (0 to 255): the recipe's `rescale` to [0, 1]. */
export const RESCALE = 1 / 255;

/**
 * Input ranges that backbone weights expect. The model's first layer maps [0, 1] to them: value * scale + offset. The
 * reference trains on [0, 1]; Keras' published weights were trained on [-1, 1].
 */
export const PREPROCESSINGS = {
  'zero-to-one': { scale: 1, offset: 0, range: '[0, 1]' },
  'minus-one-to-one': { scale: 2, offset: -1, range: '[-1, 1]' },
} as const;
export type Preprocessing = keyof typeof PREPROCESSINGS;
export const PREPROCESSING_IDS = Object.keys(PREPROCESSINGS) as readonly Preprocessing[];

/** Name of a classifier's input tensor, and of its output (probabilities, float32 [batch, classes]). */
export const INPUT_NAME = 'image';
export const OUTPUT_NAME = 'probabilities';

/**
 * Reads a model id.
 *
 * @throws RangeError naming the valid ids
 */
export function modelId(text: string | undefined): ModelId {
  const id = MODEL_IDS.find((known) => known === text);
  if (id === undefined)
    throw new RangeError(`the model must be one of ${MODEL_IDS.join(', ')}, received ${text}`);
  return id;
}
