/**
 * What `tandem train` prints at its end. Pure functions.
 */
import { percent, percentRange } from '../charts/percent';
import { mainSplit, type ModelCardFacts, shellWord } from '../models/report/model-facts';

/**
 * The result of a training, and the commands that come next.
 *
 * @param out folder of the saved model
 * @param card path of the model card
 */
export function resultLines(
  { measured }: Pick<ModelCardFacts, 'measured'>,
  out: string,
  card: string,
): string[] {
  const { split, evaluation } = mainSplit({ measured });
  const { accuracy, interval95, images } = evaluation;
  const folder = shellWord(out);
  return [
    `${split} accuracy: ${percent(accuracy)} of ${images} images, 95 % interval ${percentRange(interval95)} (measured)`,
    `model card: ${card}`,
    'Next:',
    `  npx tandem serve ${folder}`,
    `  npx tandem predict ${folder} IMAGE`,
    `  npm run image -- ${folder}`,
  ];
}
