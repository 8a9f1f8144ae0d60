/**
 * Names of the files that describe a model, in the folder of the saved model.
 */
export const REPORT_FILES = {
  card: 'model-card.md',
  figures: 'evaluation.json',
  training: 'training.svg',
  confusion: 'confusion.svg',
  reliability: 'reliability.svg',
  mistakes: 'mistakes.jpg',
} as const;
