/**
 * Builds and inspects container images with docker, podman or buildah.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/** The programs, in the order to try them. */
export const BUILDERS = ['docker', 'podman', 'buildah'] as const;
export type Builder = (typeof BUILDERS)[number];

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

const run = (program: string, args: readonly string[]) =>
  execFileSync(program, args, { encoding: 'utf8', env: process.env, maxBuffer: MAX_OUTPUT_BYTES });

const show = (program: string, args: readonly string[]) => {
  const { status, error } = spawnSync(program, args, { env: process.env, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${program} ${args[0]} ended with status ${status}: see its output above`);
};

/** Why a program cannot build here; undefined if it can. */
function trouble(builder: Builder): string | undefined {
  const { error, status, stderr } = spawnSync(builder, ['info'], { encoding: 'utf8', env: process.env });
  if (error !== undefined) return 'not on the PATH';
  return status === 0 ? undefined : stderr.trim().split('\n').at(-1)!;
}

/**
 * The first program that works.
 *
 * @throws Error with the reason for each program
 */
export function findBuilder(candidates: readonly Builder[] = BUILDERS): Builder {
  const troubles: string[] = [];
  for (const builder of candidates) {
    const found = trouble(builder);
    if (found === undefined) return builder;
    troubles.push(`${builder}: ${found}`);
  }
  throw new Error(
    `building an image needs ${candidates.join(' or ')}: install one of them or start its daemon (${troubles.join('; ')})`,
  );
}

export interface Build {
  readonly image: string;
  /** Folder with the Dockerfile. */
  readonly context: string;
  readonly buildArguments: Readonly<Record<string, string>>;
  /** File of additional CA certificates for downloads during the build. @default none */
  readonly certificates?: string | undefined;
}

/** Builds an image from a folder's Dockerfile and shows the program's output. */
export function build(builder: Builder, { image, context, buildArguments, certificates }: Build): void {
  const args = Object.entries(buildArguments).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
  const secret = certificates === undefined ? [] : ['--secret', `id=certificates,src=${certificates}`];
  // docker and podman cache layers by default.
  const layers = builder === 'buildah' ? ['--layers'] : [];
  show(builder, ['build', ...layers, '--tag', image, ...args, ...secret, context]);
}

/** Copies a file out of an image. */
export function copyOut(builder: Builder, image: string, file: string, target: string): void {
  if (builder === 'buildah') {
    const container = run('buildah', ['from', '--quiet', '--pull-never', image]).trim();
    try {
      writeFileSync(target, run('buildah', ['run', container, '--', 'cat', file]));
    } finally {
      run('buildah', ['rm', container]);
    }
    return;
  }
  const container = run(builder, ['create', image]).trim();
  try {
    run(builder, ['cp', `${container}:${file}`, target]);
  } finally {
    run(builder, ['rm', container]);
  }
}

/** Writes an image to a file that `ctr images import` accepts. The file must not exist. */
export function writeArchive(builder: Builder, image: string, file: string): void {
  // podman and buildah prefix short names with localhost/; the archive needs the name that the manifests use.
  if (builder === 'docker') run('docker', ['save', '--output', file, image]);
  else run(builder, ['push', '--quiet', image, `docker-archive:${file}:${image}`]);
}

/** Unpacked size of an image, base image included, bytes. */
export function imageSizeBytes(builder: Builder, image: string): number {
  if (builder !== 'buildah')
    return Number(run(builder, ['image', 'inspect', '--format', '{{.Size}}', image]));
  const [found] = JSON.parse(run('buildah', ['images', '--json', image])) as { size: string }[];
  const [, number, unit] = /^([\d.]+) (B|KB|MB|GB)$/.exec(found!.size)!;
  return Number(number) * 1000 ** ['B', 'KB', 'MB', 'GB'].indexOf(unit!);
}

/** Architecture for which an image was built, in Kubernetes' words, such as `amd64`. */
export const imageArchitecture = (builder: Builder, image: string): string =>
  run(
    builder,
    builder === 'buildah'
      ? ['inspect', '--type', 'image', '--format', '{{.OCIv1.Architecture}}', image]
      : ['image', 'inspect', '--format', '{{.Architecture}}', image],
  ).trim();
