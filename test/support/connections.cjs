/** Loaded into every process of the service: records each attempt to connect to another machine. */
const { appendFileSync } = require('node:fs');
const dgram = require('node:dgram');
const dns = require('node:dns');
const net = require('node:net');
const process = require('node:process');

const note = (what) => appendFileSync(process.env.CONNECTIONS_FILE, `${what}\n`);

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const [options] = Array.isArray(given[0]) ? given[0] : given;
  // A path is a local socket, which tsx uses for its own process.
  if (typeof options !== 'string' && options?.path == null) note(`connect ${JSON.stringify(options)}`);
  return connect.apply(this, given);
};
for (const [object, name] of [
  [dns, 'lookup'],
  [dns, 'resolve'],
  [dns.promises, 'lookup'],
  [dns.promises, 'resolve'],
  [dgram.Socket.prototype, 'send'],
]) {
  const original = object[name];
  object[name] = function (...given) {
    // A server that listens on a local address looks it up.
    note(`${name} ${typeof given[0] === 'string' ? given[0] : ''}`);
    return original.apply(this, given);
  };
}
