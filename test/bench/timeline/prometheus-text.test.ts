import { countersIn } from '../../../bench/timeline/prometheus-text';

const INFO = (model: string, precision: string) =>
  `inference_model_info{model="${model}",version="1",engine="onnxruntime",precision="${precision}"} 1`;

test('counters are summed over their labels', () => {
  const text = 'inference_rejected_total{reason="full"} 2\ninference_rejected_total{reason="late"} 3\n';
  expect(countersIn(text)).toEqual({ rejected: 5 });
});

test('a counter of which nothing was counted yet is 0, one that a server does not have is absent', () => {
  const text = '# TYPE inference_request_duration_seconds histogram\nhttp_requests_total 5\n';
  expect(countersIn(text)).toEqual({ answered: 0 });
});

test('the precision is that of the loaded models, and absent before one is loaded', () => {
  expect(countersIn(INFO('latency', 'int8')).precision).toBe('int8');
  expect(countersIn(`${INFO('latency', 'int8')}\n${INFO('accuracy', 'int8')}`).precision).toBe('int8');
  expect(countersIn(`${INFO('latency', 'int8')}\n${INFO('accuracy', 'fp32')}`).precision).toBe(
    'fp32 and int8',
  );
  expect(countersIn('# TYPE inference_model_info gauge')).not.toHaveProperty('precision');
});
