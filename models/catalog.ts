/**
 * The two classifiers of the reference, what models are made of, and how they may be named. No imports.
 *
 * @see docs/reference.md#models
 */

/** A model's name in URLs, file names, labels and metrics, such as `latency` or `flowers`; {@link isModelName} checks it. */
export type ModelName = string;

/** A DNS label as Kubernetes defines it: the strictest form among the places where a model's name is used. */
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Names with another meaning: a path of the API, and the label of metrics for requests that name no model. */
const RESERVED_MODEL_NAMES: readonly string[] = ['stats', 'none'];
/** What a model's name must be, in words. */
export const MODEL_NAME_FORM = `at most 63 of a-z, 0-9 and -, not starting or ending with -, and not ${RESERVED_MODEL_NAMES.join(' or ')}`;

/** Whether a model may be trained and served under this name. */
export const isModelName = (text: unknown): text is ModelName =>
  typeof text === 'string' && DNS_LABEL.test(text) && !RESERVED_MODEL_NAMES.includes(text);

/** The models of the reference: their ids name the recipes, the variants and the demo's models. */
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

/** The architecture behind each model of the reference. */
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
 * Reads the id of a model of the reference.
 *
 * @throws RangeError naming the valid ids
 */
export function modelId(text: string | undefined): ModelId {
  const id = MODEL_IDS.find((known) => known === text);
  if (id === undefined)
    throw new RangeError(`the model must be one of ${MODEL_IDS.join(', ')}, received ${text}`);
  return id;
}
