/**
 * The walls between folders as a table and as diagrams, read from the lint rules that keep them.
 */
import { table } from '../charts/markdown';

interface Rule {
  readonly name: string;
  readonly comment: string;
  readonly from: { readonly path?: string };
  readonly to: { readonly pathNot?: readonly string[] };
}

/** A folder, and what its files may import beside the folder itself. */
interface Room {
  readonly folder: string;
  readonly mayImport: readonly string[];
  readonly why: string;
}

/** `^models/data/` as `models/data`; `^models/[^/]+$` as `models/*`: the files directly in the folder. */
const pathOf = (pattern: string) =>
  pattern
    .replace(/^\^|\$$|\/$/g, '')
    .replace('[^/]+', '*')
    .replaceAll('\\', '');

function readRooms(): Room[] {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the linter's configuration has no types
  const { forbidden } = require('../.dependency-cruiser.cjs') as { forbidden: readonly Rule[] };
  return forbidden
    .filter(({ name }) => name.startsWith('wall-of-'))
    .map(({ from, to, comment }) => {
      const [folder, ...mayImport] = (to.pathNot ?? []).map(pathOf);
      if (folder === undefined || folder !== pathOf(from.path ?? '')) {
        throw new Error(
          `a wall must allow its own folder first, received "${from.path}": see .dependency-cruiser.cjs`,
        );
      }
      return { folder, mayImport, why: comment };
    });
}

const code = (path: string) => `\`${/[*]|\.ts$/.test(path) ? path : `${path}/`}\``;

/** One row per wall: the folder, what it may import, and why. */
export function roomsTable(): string {
  return table(
    ['folder', 'may also import', 'why'],
    readRooms().map(({ folder, mayImport, why }) => [
      code(folder),
      mayImport.length === 0 ? 'nothing' : mayImport.map(code).join(', '),
      why,
    ]),
  );
}

type Edges = ReadonlyMap<string, readonly string[]>;

/** Whether a path of at least two edges leads from one folder to the other. */
function hasDetour(edges: Edges, from: string, to: string): boolean {
  const reaches = (start: string): boolean =>
    (edges.get(start) ?? []).some((next) => next === to || reaches(next));
  return (edges.get(from) ?? []).some((next) => next !== to && reaches(next));
}

/**
 * A Mermaid diagram of the folders directly below a folder. An arrow means "may import"; it is left out where a longer
 * path leads to the same folder. A dotted arrow allows one file only.
 *
 * @param parent '' for the project's folder, else a path that ends in a slash
 */
export function roomsDiagram(parent: string): string {
  const isChild = (path: string) => path.startsWith(parent) && !path.slice(parent.length).includes('/');
  const rooms = readRooms().filter(({ folder }) => isChild(folder));
  const edges: Edges = new Map(
    rooms.map(({ folder, mayImport }) => [
      folder,
      mayImport.filter((target) => rooms.some((room) => room.folder === target)),
    ]),
  );
  const id = (folder: string) => folder.replaceAll('/', '_');
  const arrows = rooms.flatMap(({ folder, mayImport }) => [
    ...edges
      .get(folder)!
      .filter((to) => !hasDetour(edges, folder, to))
      .map((to) => `${id(folder)} --> ${id(to)}`),
    ...mayImport
      .filter((target) => target.endsWith('.ts') && isChild(target.replace(/\/[^/]+$/, '')))
      .map((file) => {
        const [to, name] = [file.replace(/\/[^/]+$/, ''), file.replace(/^.*\//, '')];
        return `${id(folder)} -.->|${name}| ${id(to)}`;
      }),
  ]);
  const nodes = rooms.map(({ folder }) => `${id(folder)}["${folder}/"]`);
  return ['```mermaid', 'flowchart TD', ...[...nodes, ...arrows].map((line) => `  ${line}`), '```'].join(
    '\n',
  );
}
