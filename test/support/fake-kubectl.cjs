/**
 * A kubectl for tests. It appends each call to `calls.jsonl` in the folder of its first argument, answers as `answers.json` there
 * says, and serves the API of `proxy` from the same file.
 *
 *   fails: { text: message }   a call whose arguments contain the text fails
 *   outputs: { text: output }  a call whose arguments contain the text prints the output
 *   api: { path: body }        what the API answers; other paths get 404
 */
const { appendFileSync, readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');

const [folder, ...args] = process.argv.slice(2);
const line = args.join(' ');
const answers = () => JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8'));
const record = (input) => appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify({ line, input })}\n`);

if (args[0] === 'proxy') {
  record('');
  const server = createServer((request, response) => {
    const { api } = answers();
    const path = request.url.replace(/tandem-bench-[0-9a-f]{8}/, 'NAMESPACE').split('?')[0];
    const body = api[path];
    if (body === undefined) response.writeHead(404).end(`no ${path}`);
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
