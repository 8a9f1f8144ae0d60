import { queryParser } from '../../../service/http/query';

test('each query gets its own values, whatever the one before was', () => {
  const parse = queryParser();
  const queries = ['model=latency', 'model=latency', 'top=1&top=2', null, 'model=latency', ''];
  expect(queries.map((query) => ({ ...parse(query) }))).toEqual([
    { model: 'latency' },
    { model: 'latency' },
    { top: ['1', '2'] },
    {},
    { model: 'latency' },
    {},
  ]);
});

test('no request can change the query of the next one', () => {
  const parse = queryParser();
  expect(() => Object.assign(parse('model=latency'), { model: 'other' })).toThrow(TypeError);
  expect(parse('model=latency')['model']).toBe('latency');
});
