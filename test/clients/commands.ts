/** Clients of the command line: one command per case. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { execute, type ExecuteOptions } from './execute';
import { expectClass, type RunClient, runChecks } from './outcome';
import type { Service } from './service';

type Command = readonly [args: readonly string[], options?: ExecuteOptions];

/** Runs each command and expects the image's class in its standard output. */
const commands =
  (
    program: (folder: string) => string,
    casesOf: (service: Service) => Readonly<Record<string, Command>>,
  ): RunClient =>
  (service, folder) =>
    runChecks(
      Object.fromEntries(
        Object.entries(casesOf(service)).map(([name, [args, options]]) => [
          name,
          async () => {
            const { stdout, stderr } = await execute(program(folder), args, { ...options, cwd: service.dir });
            expectClass(stdout || stderr, service);
          },
        ]),
      ),
    );

const urlOf = ({ url, env }: Service) => `${url}/v1/classify?model=${env['MODEL']}`;
const base64Of = ({ env }: Service) => readFileSync(env['IMAGE_JPEG']!).toString('base64');
/** Writes a file into the run's folder. */
const file = ({ dir }: Service, name: string, content: string | Buffer) => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};

export const curl = commands(
  () => 'curl',
  (service) => {
    const [jpeg, webp, url] = [service.env['IMAGE_JPEG']!, service.env['IMAGE_WEBP']!, urlOf(service)];
    const gz = file(service, 'image.gz', gzipSync(readFileSync(jpeg)));
    const json = file(service, 'images.json', JSON.stringify({ images: [base64Of(service)] }));
    const quiet = ['-s', '-S', '--noproxy', '*'];
    return {
      form: [[...quiet, '-F', `image=@${jpeg}`, url]],
      form_webp: [[...quiet, '-F', `image=@${webp}`, url]],
      form_fields: [
        [
          ...quiet,
          '-F',
          `file=@${jpeg}`,
          '-F',
          `model=${service.env['MODEL']}`,
          '-F',
          'top=1',
          url.split('?')[0]!,
        ],
      ],
      data_binary: [[...quiet, '--data-binary', `@${jpeg}`, url]],
      upload: [[...quiet, '-X', 'POST', '-T', jpeg, url]],
      json: [[...quiet, '--json', `@${json}`, url]],
      compressed: [[...quiet, '-H', 'Content-Encoding: gzip', '--data-binary', `@${gz}`, url]],
    };
  },
);

export const wget = commands(
  () => 'wget',
  (service) => ({
    post_file: [['-q', '--no-proxy', '-O', '-', `--post-file=${service.env['IMAGE_JPEG']}`, urlOf(service)]],
  }),
);

export const httpie = commands(
  (folder) => join(folder, 'bin', 'http'),
  (service) => {
    const [jpeg, webp, url] = [service.env['IMAGE_JPEG']!, service.env['IMAGE_WEBP']!, urlOf(service)];
    const body = ['--body', 'POST', url];
    const noInput = ['--ignore-stdin', ...body];
    return {
      form: [['-f', ...noInput, `image@${jpeg}`]],
      stdin: [body, { input: jpeg }],
      file: [[...noInput, `@${webp}`]],
      json: [[...noInput, `images[]=${base64Of(service)}`]],
    };
  },
);
