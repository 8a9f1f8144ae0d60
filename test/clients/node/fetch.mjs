// Cases of Node's own fetch; each prints one line of JSON.
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';

const { SERVICE_URL, MODEL, IMAGE_JPEG, IMAGE_WEBP, IMAGE_PIXELS, IMAGE_CLASS, CLASSES } = process.env;
const CLASSIFY = `${SERVICE_URL}/v1/classify?model=${MODEL}`;

async function classify(body, init = {}) {
  const answer = await (await fetch(CLASSIFY, { method: 'POST', body, ...init })).json();
  const [best] = (answer.results?.[0] ?? answer).top ?? [];
  if (best?.class !== IMAGE_CLASS) throw new Error(JSON.stringify(answer));
}

const CASES = {
  form_untyped_blob: async () => {
    const form = new FormData();
    form.append('image', new Blob([await readFile(IMAGE_JPEG)]));
    await classify(form);
  },
  form_file: async () => {
    const form = new FormData();
    form.append('file', await openAsBlob(IMAGE_WEBP), 'x.webp');
    await classify(form);
  },
  raw_buffer: async () => classify(await readFile(IMAGE_JPEG)),
  raw_stream: async () =>
    classify(Readable.toWeb(Readable.from([await readFile(IMAGE_JPEG)])), { duplex: 'half' }),
  json_as_text: async () =>
    classify(JSON.stringify({ images: [(await readFile(IMAGE_JPEG)).toString('base64url')] })),
  infer_typed_array: async () => {
    const data = Array.from(await readFile(IMAGE_PIXELS));
    const inputs = [{ name: 'image', datatype: 'UINT8', shape: [1, 224, 224, 3], data }];
    const url = `${SERVICE_URL}/v2/models/${MODEL}/infer`;
    const answer = await (await fetch(url, { method: 'POST', body: JSON.stringify({ inputs }) })).json();
    const [output] = answer.outputs ?? [];
    const best = output?.data.indexOf(Math.max(...output.data));
    if (JSON.parse(CLASSES)[best] !== IMAGE_CLASS) throw new Error(JSON.stringify(answer));
  },
};

for (const [name, run] of Object.entries(CASES)) {
  try {
    await run();
    console.log(JSON.stringify({ case: name, ok: true }));
  } catch (error) {
    console.log(JSON.stringify({ case: name, ok: false, why: String(error).slice(0, 600) }));
  }
}
