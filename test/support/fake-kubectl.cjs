/**
 * A kubectl for tests. It appends each call to `calls.jsonl` in the folder of its first argument, answers as `answers.json` there
 * says, and serves the API of `proxy` from the same file.
 *
 *   fails: { text: message }   a call whose arguments contain the text fails
 *   outputs: { text: output }  a call whose arguments contain the text prints the output
 *   api: { path: body }        what the API answers; other paths get 404
 *   statuses: { path: status } paths that get this status instead
 *   series: { path: [body] }   successive answers of a path, the last one again and again; the file `series-ended` then exists
 */
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');

const [folder, ...args] = process.argv.slice(2);
const line = args.join(' ');
const answers = () => JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8'));
const record = (input) => appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify({ line, input })}\n`);

if (args[0] === 'proxy') {
  record('');
  const reads = {};
  const server = createServer((request, response) => {
    const { api, statuses = {}, series = {} } = answers();
    const path = request.url.replace(/tandem-bench-[0-9a-f]{8}/, 'NAMESPACE').split('?')[0];
    const read = (reads[path] = (reads[path] ?? 0) + 1);
    const successive = series[path];
    if (successive !== undefined && read >= successive.length)
      writeFileSync(join(folder, 'series-ended'), '');
    const body = successive === undefined ? api[path] : successive[Math.min(read, successive.length) - 1];
    if (statuses[path] !== undefined) response.writeHead(statuses[path]).end('refused');
    else if (body === undefined) response.writeHead(404).end(`no ${path}`);
    else response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.listen(args[args.indexOf('--unix-socket') + 1], () => process.stdout.write('Starting to serve\n'));
  process.on('SIGTERM', () => process.exit(0));
} else {
  // A call that gets no input has an empty standard input.
  const input = readFileSync(0, 'utf8');
  record(input);
  const { fails = {}, outputs = {} } = answers();
  const failure = Object.keys(fails).find((text) => line.includes(text) || input.includes(text));
  const output = Object.keys(outputs).find((text) => line.includes(text));
  if (failure !== undefined) {
    process.stderr.write(fails[failure]);
    process.exitCode = 1;
  } else if (output !== undefined) process.stdout.write(outputs[output]);
}
