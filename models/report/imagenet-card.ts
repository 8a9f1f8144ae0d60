/**
 * The model card of a classifier that `tandem pull` made. Nothing in it was measured here.
 */
import { table } from '../../charts/markdown';
import { percent } from '../../charts/percent';
import { ARCHITECTURES, INPUT_SHAPE, PREPROCESSINGS } from '../catalog';
import type { ImagenetClassifier } from '../weights/imagenet-classifiers';
import type { SavedModel } from '../weights/saved-model';

/** Writes the card as Markdown. */
export function imagenetCard(
  { architecture, weights, reportedTop1 }: ImagenetClassifier,
  { base, classes, preprocessing = 'zero-to-one' }: SavedModel,
): string {
  const { title } = ARCHITECTURES[architecture];
  const sum = base.kind === 'seed' ? '' : `, SHA-256 ${base.sha256}`;
  return [
    `# ${title}, trained on ImageNet by Keras`,
    'Keras’ published weights with top, unchanged: `npx tandem pull imagenet` made this saved model.',
    table(
      ['', ''],
      [
        ['weights', `<${weights.url}>${sum}`],
        ['input', `${INPUT_SHAPE.join(' x ')}, rescaled to ${PREPROCESSINGS[preprocessing].range}`],
        ['classes', `${classes.length}, named as in Keras’ class index`],
        ['top-1 accuracy', `${percent(reportedTop1)} on ImageNet’s validation images, *reported* by Keras`],
      ],
    ),
    [
      '- Its accuracy was not measured here: `npx tandem evaluate` measures it on your images.',
      `- It always predicts one of its ${classes.length} classes, even if the image shows none of them.`,
    ].join('\n'),
    '',
  ].join('\n\n');
}
