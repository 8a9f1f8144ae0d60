/**
 * What Triton's and KServe's clients ask about models: list, repository index, configuration, statistics.
 */
import type { Request, RequestHandler } from 'express';
import type { z } from 'zod';

import { INPUT_NAME, INPUT_SHAPE, type ModelName, OUTPUT_NAME } from '../../models/catalog';
import { LIMITS } from '../contract';
import { type Bodies, type BodyLimit, readWhole } from '../http/body';
import type { ModelQueue } from '../inference/model-queue';
import type { LoadedModel } from '../inference/protocol';
import { OUTPUT_DATATYPE } from './infer-schemas';
import { parseJson, type StructureLimits } from './json-body';
import { INDEX_REQUEST, type MODEL_CONFIG, type REPOSITORY_INDEX } from './model-schemas';
import { platformOf } from './open-inference';
import { findModel, loadedModel, type Queues, versionOf } from './served-models';
import type { Statistics } from './statistics';
import { DATATYPES } from './tensors';
import { check } from './validation';

/** Names of the served models. */
export const modelList =
  (queues: Queues): RequestHandler =>
  (_request, response) =>
    void response.json({ models: [...queues.keys()] });

const dataType = (datatype: string) => `TYPE_${datatype}`;

/** A model's configuration in Triton's words. */
function configOf(
  model: ModelName,
  { processes }: ModelQueue,
  loaded: LoadedModel,
): z.infer<typeof MODEL_CONFIG> {
  return {
    name: model,
    platform: platformOf(loaded),
    backend: loaded.engine,
    max_batch_size: LIMITS.images,
    input: [
      {
        name: INPUT_NAME,
        data_type: dataType(DATATYPES[0]!),
        format: 'FORMAT_NHWC',
        dims: [...INPUT_SHAPE],
      },
    ],
    output: [{ name: OUTPUT_NAME, data_type: dataType(OUTPUT_DATATYPE), dims: [loaded.classes.length] }],
    instance_group: [{ name: model, kind: 'KIND_CPU', count: processes }],
  };
}

/** Sends a model's configuration. */
export const modelConfig =
  (queues: Queues): RequestHandler =>
  (request, response) => {
    const [model, queue] = findModel(queues, request.params['id']);
    response.json(configOf(model, queue, loadedModel(queue, request.params['version'])));
  };

/** Sends the statistics of one model, or of every loaded model when the path names none. */
export const modelStatistics =
  (queues: Queues, statistics: Statistics): RequestHandler =>
  (request, response) => {
    const { id, version } = request.params;
    if (id !== undefined) {
      const [model, queue] = findModel(queues, id);
      response.json({ model_stats: [statistics.of(model, versionOf(loadedModel(queue, version)))] });
      return;
    }
    const all = [...queues].flatMap(([model, { state }]) =>
      state.kind === 'ready' ? [statistics.of(model, versionOf(state.loaded))] : [],
    );
    response.json({ model_stats: all });
  };

const INDEX_LIMIT: BodyLimit = { bytes: 10_000, subject: 'The body is', remedy: 'send an object or nothing' };
/** So few bytes are parsed at once, whatever they hold. */
const ANY_STRUCTURE: StructureLimits = [];

/** Entries of the index, by the state of each model. */
const indexOf = (queues: Queues): z.infer<typeof REPOSITORY_INDEX> =>
  [...queues].map(([name, { state }]) => {
    if (state.kind === 'ready') return { name, version: versionOf(state.loaded), state: 'READY', reason: '' };
    if (state.kind === 'loading') return { name, state: 'LOADING', reason: 'still loading' };
    return { name, state: 'UNAVAILABLE', reason: 'cannot be loaded; see the log' };
  });

/** Handlers of the repository index. */
export function repositoryIndex(queues: Queues, bodies: Bodies): RequestHandler[] {
  const send = async (request: Request, response: Parameters<RequestHandler>[1]) => {
    const body = await readWhole(bodies, request, INDEX_LIMIT);
    const value = body.length === 0 ? {} : parseJson(body, request.get('content-type'), ANY_STRUCTURE);
    const { ready } = check(INDEX_REQUEST, value, 'the body');
    response.json(indexOf(queues).filter(({ state }) => ready !== true || state === 'READY'));
  };
  return [bodies.accept(() => INDEX_LIMIT), send];
}
