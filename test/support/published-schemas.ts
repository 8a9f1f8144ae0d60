/** Judges objects by what Kubernetes and operators publish of their kinds; `test/fixtures/kubernetes/record.ts` records it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { z } from 'zod';

import { KINDS, OPERATORS } from '../fixtures/kubernetes/kinds';
import type { Manifest } from './manifests';

const FOLDER = join(__dirname, '..', 'fixtures', 'kubernetes');

/** Recorded versions of Kubernetes, the least one first. */
export const KUBERNETES_VERSIONS: readonly string[] = readdirSync(FOLDER)
  .flatMap((name) => /^kubernetes-(v.*)\.json\.gz$/.exec(name)?.[1] ?? [])
  .sort();

type Judge = (object: Manifest) => string[];

/** A judge of each definition in a recorded file. */
function judgesOf(file: string): (definition: string) => Judge {
  const { $defs } = JSON.parse(gunzipSync(readFileSync(join(FOLDER, `${file}.json.gz`))).toString()) as {
    $defs: Record<string, object>;
  };
  return (definition) => {
    const schema = z.fromJSONSchema({ $defs, $ref: `#/$defs/${definition}` } as Parameters<
      typeof z.fromJSONSchema
    >[0]);
    return (object) =>
      (schema.safeParse(object).error?.issues ?? []).map(
        ({ path, message }) => `${object.kind} ${path.join('.')}: ${message}`,
      );
  };
}

/** What a version of Kubernetes refuses of an object, strictly: unknown fields too. Empty if it accepts it. */
export function kubernetesJudge(version: string): Judge {
  const judges = judgesOf(`kubernetes-${version}`);
  const known = new Map<string, Judge>();
  return (object) => {
    const kind = `${object.apiVersion}/${object.kind}`;
    const definition = KINDS[kind];
    if (definition === undefined)
      return [`${kind} is not recorded: add it to test/fixtures/kubernetes/kinds.ts`];
    const judge = known.get(kind) ?? judges(definition);
    known.set(kind, judge);
    return judge(object);
  };
}

/** What the definition of an operator's kind refuses of an object, in the same way. */
export function operatorJudge(kind: (typeof OPERATORS)[number]['kind']): Judge {
  const { project, module } = OPERATORS.find((each) => each.kind === kind)!;
  return judgesOf(`${project}-${module.split('@')[1]}`)(kind);
}
