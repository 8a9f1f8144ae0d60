import { encodeModel, type Graph } from '../../../models/onnx/proto';

const graphWith = (values: Float32Array): Graph => ({
  name: 'test',
  nodes: [],
  initializers: [{ name: 'bn/scale', dims: [values.length], values }],
  input: { name: 'in', dims: [1] },
  outputs: [],
});

test('a graph with a number that is not finite is refused, and the constant is named', () => {
  expect(encodeModel(graphWith(Float32Array.of(1, -3e38))).length).toBeGreaterThan(0);
  for (const wrong of [NaN, Infinity]) {
    expect(() => encodeModel(graphWith(Float32Array.of(1, wrong)))).toThrow(
      `constant bn/scale of the graph must hold finite numbers, received ${wrong}: train the model again`,
    );
  }
});
