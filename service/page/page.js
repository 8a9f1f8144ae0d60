/** The page: takes an image, asks every model at once, compares the answers. */
import {
  addCard,
  clearAnswer,
  comparison,
  percent,
  showAnswer,
  showError,
  showModel,
  showWaiting,
} from './cards.js';
import { curlCommand } from './curl.js';
import { takeFiles } from './files.js';
import { hasKey, json, jsonWhenReady, keepKey, send } from './service.js';
import { showSizes } from './sizing.js';

const byId = (id) => document.getElementById(id);
const [preview, hint, notice, said] = ['preview', 'hint', 'notice', 'said'].map(byId);
const TOP = 5;
/** Statuses of errors that are about the image, whichever model was asked. */
const ABOUT_IMAGE = [400, 413, 415, 422];

const cards = new Map();
/** Metadata of the models that are ready, by name. */
const metadata = new Map();
let answers = [];
/** Cancels what the last pick started. */
let current = new AbortController();
/** What to classify again with another API key. */
let last;
/** What the page knows of the project, written by `npm run docs`. */
let facts;

function showNotice(text) {
  notice.textContent = text;
  notice.hidden = text === '';
}

function showKeyForm(message) {
  byId('key').hidden = false;
  byId('key-problem').textContent = message;
}

/** Hides the form; the focus goes on to what the user does next. */
function hideKeyForm() {
  if (byId('key').contains(document.activeElement)) byId('file').focus();
  byId('key').hidden = true;
}

/** Shows the image, or the hint if the browser cannot draw it. */
function showPreview(image) {
  if (preview.src) URL.revokeObjectURL(preview.src);
  preview.hidden = true;
  hint.hidden = true;
  preview.src = URL.createObjectURL(image);
}
preview.addEventListener('load', () => (preview.hidden = false));
preview.addEventListener('error', () => (hint.hidden = false));

/** Forgets the old answers and starts a pick; returns its signal, which the next pick aborts. */
function begin(button) {
  current.abort();
  current = new AbortController();
  answers = [];
  showNotice('');
  for (const each of byId('samples').children) each.setAttribute('aria-pressed', String(each === button));
  for (const card of cards.values()) clearAnswer(card, true);
  byId('comparison').textContent = '';
  byId('request').hidden = true;
  byId('sizing').hidden = true;
  return current.signal;
}

/** What the image shows, if it is a sample and every model has that class. */
const knownTruth = () =>
  [...cards.keys()].every((model) => metadata.get(model)?.classes.includes(last.truth))
    ? last.truth
    : undefined;

/** Compares the models, and sizes them, once all have answered. */
function showComparison() {
  const isComplete = answers.length === cards.size;
  byId('comparison').textContent = isComplete ? comparison(answers, knownTruth()) : '';
  if (isComplete) showSizing();
}

function showSizing() {
  const rate = byId('rate').valueAsNumber;
  // Without a rate only the table goes: the field must stay, so that a rate can be entered.
  byId('sized').hidden = !(rate > 0);
  const isMeasured = showSizes(byId('sizes'), facts.deployments, metadata, answers, rate);
  byId('sizing').hidden = isMeasured === undefined;
  byId('of-pods').hidden = isMeasured !== true;
  byId('of-answers').hidden = isMeasured !== false;
}

function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1).replace('.0', '')} MiB`;
}
const absolute = (path) => new URL(path, document.baseURI).href;

async function ask(model, { image, type }, signal) {
  const url = `v1/classify?model=${encodeURIComponent(model)}&top=${TOP}`;
  const answer = await json(url, { method: 'POST', headers: { 'content-type': type }, body: image, signal });
  showAnswer(cards.get(model), answer);
  answers.push(answer);
  const [best] = answer.top;
  said.textContent = `${model}: ${best.class}, ${percent(best.probability)}`;
  showComparison();
}

function showCurl({ type, name, sampleUrl }) {
  const model = [...cards.keys()].at(-1);
  const url = absolute(`v1/classify?model=${encodeURIComponent(model)}&top=${TOP}`);
  byId('curl').textContent = curlCommand({ url, type, name, sampleUrl, withKey: hasKey() });
  byId('request').hidden = false;
}

/** Classifies an image with every model at once. */
async function classify(picked, signal) {
  last = picked;
  showPreview(picked.image);
  if (picked.image.size > facts.maxImageBytes) {
    fail(
      `The image has ${mebibytes(picked.image.size)}; choose one of at most ${mebibytes(facts.maxImageBytes)}.`,
    );
    return;
  }
  if (cards.size === 0) return;
  showCurl(picked);
  await Promise.all(
    [...cards.keys()].map((model) =>
      ask(model, picked, signal).catch((error) => {
        if (signal.aborted) return;
        if (error.status === 401) showKeyForm(error.message);
        if (ABOUT_IMAGE.includes(error.status)) fail(error.message);
        else {
          showError(cards.get(model), error.message);
          said.textContent = `${model}: ${error.message}`;
        }
      }),
    ),
  );
}

/** Says once what is wrong with the image, or why there is none. */
function fail(message) {
  showNotice(message);
  byId('request').hidden = true;
  for (const card of cards.values()) clearAnswer(card, false);
}

/** Classifies the user's file. The service judges its bytes; a type is only what its name suggests. */
function pick(files) {
  const [image, ...others] = files;
  if (image === undefined) return;
  const type = facts.mediaTypes.includes(image.type) ? image.type : facts.mediaTypes[0];
  const signal = begin();
  // First: what is wrong with the image takes its place.
  if (others.length > 0) showNotice(`Only ${image.name} of ${files.length} files is classified.`);
  void classify({ image, type, name: image.name }, signal);
}

async function pickSample(button, name) {
  // A sample's name is its class, with a number where there are several.
  const truth = name.replace(/(\.\d+)?\.jpg$/, '');
  const signal = begin(button);
  try {
    const sampleUrl = `samples/${encodeURIComponent(name)}`;
    const image = await (await send(sampleUrl, { signal })).blob();
    await classify({ image, type: 'image/jpeg', truth, sampleUrl: absolute(sampleUrl), button }, signal);
  } catch (error) {
    if (!signal.aborted) fail(error.message);
  }
}

async function showSamples() {
  for (const name of await jsonWhenReady('samples', () => undefined)) {
    const [button, image] = [document.createElement('button'), document.createElement('img')];
    const title = name.replace('.jpg', '');
    image.src = `samples/${encodeURIComponent(name)}`;
    image.alt = '';
    button.type = 'button';
    button.title = title;
    button.setAttribute('aria-label', `Classify the sample ${title}`);
    button.setAttribute('aria-pressed', 'false');
    button.append(image);
    button.addEventListener('click', () => void pickSample(button, name));
    byId('samples').append(button);
  }
}

async function showModelOf(model) {
  const card = addCard(model);
  cards.set(model, card);
  const waiting = (reason) => showWaiting(card, reason);
  try {
    metadata.set(model, await jsonWhenReady(`v2/models/${encodeURIComponent(model)}`, waiting));
    showModel(card, metadata.get(model));
    // The answers may have come first.
    if (last !== undefined) showComparison();
  } catch (error) {
    waiting(error.message);
  }
}

async function showModels() {
  try {
    const { models } = await jsonWhenReady('v2', showNotice);
    showNotice('');
    hideKeyForm();
    byId('results').replaceChildren();
    cards.clear();
    const shown = models.map(showModelOf);
    if (last !== undefined) void classify(last, begin(last.button));
    await Promise.all(shown);
  } catch (error) {
    if (error.status === 401) showKeyForm(error.message);
    else showNotice(error.message);
  }
}

/** The metrics may be on a port of their own or need the API key: then the link would lead nowhere. */
async function showMetricsLink() {
  const answer = await fetch('metrics', { method: 'HEAD' }).catch(() => undefined);
  byId('metrics').hidden = answer?.ok !== true;
}

byId('key').addEventListener('submit', (event) => {
  event.preventDefault();
  const problem = keepKey(byId('key-text').value);
  byId('key-problem').textContent = problem;
  if (problem === '') void showModels();
});
byId('rate').addEventListener('input', showSizing);
byId('copy').hidden = navigator.clipboard === undefined;
byId('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText(byId('curl').textContent);
  said.textContent = 'Copied.';
});
/** Without its facts, such as behind a proxy that refuses them, the page can only say why. */
async function start() {
  try {
    facts = await jsonWhenReady('facts.json', showNotice);
  } catch (error) {
    showNotice(error.message);
    return;
  }
  byId('limit').textContent = `, up to ${mebibytes(facts.maxImageBytes)}`;
  takeFiles(pick);
  await Promise.all([
    showModels(),
    showSamples().catch(({ message }) => showNotice(message)),
    showMetricsLink(),
  ]);
}

await start();
