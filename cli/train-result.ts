/**
 * What `tandem train` prints at its end. Pure functions.
 */
import { percent, percentRange } from '../charts/percent';
import { mainSplit, type ModelCardFacts, shellWord } from '../models/report/model-facts';

type Facts = Pick<ModelCardFacts, 'model' | 'measured'>;

/** The commands that come next. */
function nextCommands(out: string): string[] {
  const folder = shellWord(out);
  return [`npx tandem serve ${folder}`, `npx tandem predict ${folder} IMAGE`, `npm run image -- ${folder}`];
}

/**
 * The result of a training, and the commands that come next.
 *
 * @param out folder of the saved model
 * @param card path of the model card
 */
export function resultLines({ measured }: Pick<Facts, 'measured'>, out: string, card: string): string[] {
  const { split, evaluation } = mainSplit({ measured });
  const { accuracy, interval95, images } = evaluation;
  return [
    `${split} accuracy: ${percent(accuracy)} of ${images} images, 95 % interval ${percentRange(interval95)} (measured)`,
    `model card: ${card}`,
    'Next:',
    ...nextCommands(out).map((command) => `  ${command}`),
  ];
}

/** The same as the last event of a training that reports JSON Lines. */
export function resultEvent(facts: Facts, out: string, card: string): object {
  const { split, evaluation } = mainSplit(facts);
  const { accuracy, interval95, images } = evaluation;
  return {
    event: 'result',
    ...{ model: facts.model, folder: out, card, split, images, accuracy, interval95 },
    next: nextCommands(out),
  };
}
