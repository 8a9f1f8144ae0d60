import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { readCluster } from '../../../infra/fit/read-cluster';

describe('kubectl', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-'));
  const path = process.env['PATH'];
  afterEach(() => void (process.env['PATH'] = path));
  afterAll(() => rmSync(folder, { recursive: true }));
  const answering = (script: string) => {
    writeFileSync(join(folder, 'kubectl'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'kubectl'), 0o755);
    process.env['PATH'] = `${folder}${delimiter}${path}`;
  };

  test('lists nodes, pods and priority classes, and what bounds the pods of the namespace', () => {
    answering(`echo "{\\"items\\": [\\"$*\\"]}"`);
    const get = (what: string) => [`--kubeconfig /some/config get ${what} --output=json`];
    expect(readCluster('/some/config', 'vision')).toEqual({
      nodes: get('nodes --all-namespaces'),
      pods: get('pods --all-namespaces'),
      priorityClasses: get('priorityclasses'),
      quotas: get('resourcequotas --namespace vision'),
      limitRanges: get('limitranges --namespace vision'),
      unread: [],
    });
  });

  test('that may list nodes and pods only is enough, and what it may not list is named', () => {
    answering(`case "$4" in nodes|pods) echo '{"items": []}';; *) echo "no $4 for you" >&2; exit 1;; esac`);
    const { nodes, quotas, unread } = readCluster('f', 'vision');
    expect([nodes, quotas]).toEqual([[], []]);
    expect(unread).toEqual(
      ['priorityclasses', 'resourcequotas', 'limitranges'].map(
        (kind) => `${kind}, which kubectl could not list: no ${kind} for you`,
      ),
    );
  });

  test('is quoted if it fails', () => {
    answering('echo "error: no server" >&2; exit 1');
    expect(() => readCluster('f', 'vision')).toThrow(
      '--kubeconfig f: kubectl could not list nodes: error: no server',
    );
  });

  test.each([
    ['exit 3', 'it ended with status 3 and printed nothing'],
    ['kill -9 $$', 'it ended with SIGKILL and printed nothing'],
    ['echo no list', 'its answer must be a list in JSON, received "no list\\n"; see which kubectl'],
    [':', 'its answer must be a list in JSON, received ""; see which kubectl'],
    ['echo null', 'its answer must be a list in JSON, received "null\\n"'],
    ['echo "{}"', 'its answer must be a list in JSON, received "{}\\n"'],
    [`echo '{"items": null}'`, 'its answer must be a list in JSON, received "{\\"items\\": null}\\n"'],
  ])('that does %s gives an error that says so', (script, reason) => {
    answering(script);
    expect(() => readCluster('f', 'vision')).toThrow(
      `--kubeconfig f: kubectl could not list nodes: ${reason}`,
    );
  });

  test('that is not executable gives an error that says so', () => {
    answering('');
    chmodSync(join(folder, 'kubectl'), 0o644);
    process.env['PATH'] = folder;
    expect(() => readCluster('f', 'vision')).toThrow(
      'kubectl could not list nodes: it ended with EACCES and printed nothing',
    );
  });

  test('must be on the PATH', () => {
    process.env['PATH'] = '/nonexistent';
    expect(() => readCluster('f', 'vision')).toThrow('--kubeconfig needs kubectl on the PATH; install it');
  });
});
