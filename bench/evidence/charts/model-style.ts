/** How each model looks in every chart of the experiments: a colour and a shape. */
import { COLOURS } from '../../../charts/colours';
import type { Shape } from '../../../charts/marks';
import type { ModelId } from '../../../models/catalog';

export const MODEL_STYLE: Readonly<Record<ModelId, { readonly colour: string; readonly shape: Shape }>> = {
  accuracy: { colour: COLOURS.vermilion, shape: 'square' },
  latency: { colour: COLOURS.blue, shape: 'circle' },
};
