import {
  connectionsOf,
  defaultConnections,
  descriptorLimit,
  fewestConnections,
  mostConnections,
} from '../../service/descriptors';

const limits = (soft: string) =>
  `Limit                     Soft Limit           Hard Limit           Units\n` +
  `Max processes             30000                30000                processes\n` +
  `Max open files            ${soft.padEnd(20)} 1048576              files\n`;

test('the soft limit of open files is read from /proc, and is the usual one where there is no /proc', () => {
  expect(descriptorLimit(limits('4096'))).toBe(4096);
  expect(descriptorLimit(limits('unlimited'))).toBe(Infinity);
  expect(descriptorLimit('')).toBe(1024);
});

test.each([
  [1024, 924, 924],
  [1_048_576, 1_048_476, 10_000],
  [Infinity, Infinity, 10_000],
  [64, 1, 1],
])('of %d descriptors, at most %d are connections, by default %d', (descriptors, most, usual) => {
  expect([mostConnections(descriptors), defaultConnections(descriptors)]).toEqual([most, usual]);
});

test('the ports share the connections: a tenth is for gRPC where it has a port', () => {
  expect(connectionsOf(924, false)).toEqual({ http: 924, grpc: 0 });
  expect(connectionsOf(924, true)).toEqual({ http: 831, grpc: 93 });
});

test.each([false, true])('the ports hold no more connections than allowed, and each holds one', (hasGrpc) => {
  const fewest = fewestConnections(hasGrpc);
  const { http, grpc } = connectionsOf(fewest, hasGrpc);
  expect([http, grpc]).toEqual([1, hasGrpc ? 1 : 0]);
  expect(http + grpc).toBe(fewest);
});
