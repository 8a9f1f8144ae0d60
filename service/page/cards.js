/** One card per model: what it is, what it answers, how long it took. */

const byId = (id) => document.getElementById(id);
// No line break between a number and its unit.
export const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;
const milliseconds = (ms) => `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)}\u00a0ms`;

/** Adds the card of a model. */
export function addCard(model) {
  const card = byId('model').content.cloneNode(true).querySelector('article');
  card.dataset.model = model;
  card.querySelector('h2').textContent = model;
  byId('results').append(card);
  return card;
}

const part = (card, name) => card.querySelector(`.${name}`);

/** Shows that the model cannot say yet what it is. */
export function showWaiting(card, reason) {
  part(card, 'about').textContent = reason;
}

/** Shows the model's metadata. */
export function showModel(card, { architecture, engine, precision, threads, demo, classes, testAccuracy }) {
  part(card, 'about').textContent =
    `${architecture} · ${engine.name}, ${precision}, ${threads}\u00a0${threads === 1 ? 'thread' : 'threads'}`;
  if (testAccuracy !== undefined) {
    const { share, images, interval95, precision: measuredAt } = testAccuracy;
    const strong = document.createElement('strong');
    strong.textContent = percent(share);
    const rest = ` of ${images} held-out images right, measured at ${measuredAt} (95\u00a0% interval ${interval95.map(percent).join(' to ')})`;
    part(card, 'accuracy').replaceChildren(strong, rest);
  }
  if (demo) {
    const warning = part(card, 'demo');
    warning.textContent = `Demo model: it knows only ${classes.length} computer-generated surfaces. Its answer to a photograph means nothing.`;
    warning.hidden = false;
  }
}

/** Empties the answer; `busy` while a new one is on its way. */
export function clearAnswer(card, busy) {
  card.setAttribute('aria-busy', String(busy));
  part(card, 'classes').replaceChildren();
  const time = part(card, 'time');
  time.className = 'time';
  time.textContent = busy ? 'classifying …' : '';
}

function row({ class: name, probability }) {
  const item = document.createElement('li');
  const [label, share, bar, fill] = ['span', 'span', 'div', 'i'].map((tag) => document.createElement(tag));
  label.textContent = name;
  share.textContent = percent(probability);
  bar.className = 'bar';
  bar.setAttribute('aria-hidden', 'true');
  fill.style.width = `${100 * probability}%`;
  bar.append(fill);
  item.append(label, share, bar);
  return item;
}

/** Shows an answer. */
export function showAnswer(card, { top, timeMs }) {
  clearAnswer(card, false);
  part(card, 'classes').replaceChildren(...top.map(row));
  const strong = document.createElement('strong');
  strong.textContent = milliseconds(timeMs.total);
  const steps = document.createElement('span');
  steps.textContent = `inference ${milliseconds(timeMs.inference)}, decoding ${milliseconds(timeMs.decode)}`;
  part(card, 'time').replaceChildren(strong, steps);
}

/** Shows an error instead of an answer. */
export function showError(card, message) {
  clearAnswer(card, false);
  const time = part(card, 'time');
  time.className = 'time error';
  time.textContent = message;
}

/**
 * The sentence that compares the quickest model with the slowest; empty for fewer than two answers. `truth` is the class of
 * a sample; undefined if there is none, or a model does not know it.
 */
export function comparison(answers, truth) {
  if (answers.length < 2) return '';
  const sorted = [...answers].sort((a, b) => a.timeMs.total - b.timeMs.total);
  const [quick, slow] = [sorted[0], sorted.at(-1)];
  const times = (slow.timeMs.total / quick.timeMs.total).toFixed(1);
  const [first, second] = [quick.top[0].class, slow.top[0].class];
  const verdict =
    first === second
      ? `agrees with ${slow.model} on this image`
      : `disagrees on this image: ${first} instead of ${second}`;
  const shown = truth === undefined ? '' : ` It shows ${truth}.`;
  return `${quick.model} answered ${times} times faster and ${verdict}.${shown}`;
}
