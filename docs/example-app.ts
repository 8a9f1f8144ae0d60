/** Another model, image and figures on Tandem's construct: `npx tsx docs/example-app.ts` writes build/example. */
import { App, Chart } from 'cdk8s';
import { InferenceService } from '../infra/construct/inference-service';
const app = new App({ outdir: 'build/example' });
new InferenceService(new Chart(app, 'birds', { namespace: 'vision' }), 'birds', {
  model: 'birds',
  image: 'images.example/birds:2',
  resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } },
  scaling: { kind: 'hpa', minReplicas: 2, maxReplicas: 6, targetCpuPercent: 60 },
});
app.synth();
console.log(`wrote ${app.outdir}/birds.k8s.yaml`);
