const byId = (id) => document.getElementById(id);
const [results, preview, hint, drop, file] = ['results', 'preview', 'hint', 'drop', 'file'].map(byId);

const IMAGE_TYPES = file.accept.split(',');
const TOP = 5;
let latest = 0;

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const milliseconds = (ms) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0));

const KEY = 'apiKey';

/** Asks the user for the API key; false when the user cancels. */
function askForKey() {
  const key = prompt('Enter the API key of this service:');
  if (key) sessionStorage.setItem(KEY, key);
  return Boolean(key);
}

async function json(url, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const authorization = key ? { authorization: `Bearer ${key}` } : {};
  const response = await fetch(url, { ...options, headers: { ...options.headers, ...authorization } });
  if (response.status === 401 && askForKey()) return json(url, options);
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail);
  return body;
}

function card(model) {
  const article = byId('model').content.cloneNode(true).querySelector('article');
  article.dataset.model = model;
  article.querySelector('h2').textContent = `Tuned for ${model}`;
  results.append(article);
  return article;
}

function showAnswer(article, { top, timeMs }) {
  article.querySelector('ol').replaceChildren(
    ...top.map((entry) => {
      const item = document.createElement('li');
      const [name, share, bar, fill] = ['span', 'span', 'div', 'i'].map((tag) => document.createElement(tag));
      name.textContent = entry.class;
      share.textContent = percent(entry.probability);
      bar.className = 'bar';
      bar.setAttribute('aria-hidden', 'true');
      fill.style.width = `${100 * entry.probability}%`;
      bar.append(fill);
      item.append(name, share, bar);
      return item;
    }),
  );
  const time = article.querySelector('.time');
  const strong = document.createElement('strong');
  strong.textContent = `${milliseconds(timeMs.inference)} ms`;
  time.className = 'time';
  time.replaceChildren(
    strong,
    ` inference · ${milliseconds(timeMs.decode)} ms decoding · ${milliseconds(timeMs.total)} ms total`,
  );
}

function showError(article, message) {
  article.querySelector('ol').replaceChildren();
  const time = article.querySelector('.time');
  time.className = 'time error';
  time.textContent = message;
}

async function classify(image) {
  const mine = ++latest;
  const old = preview.src;
  preview.src = URL.createObjectURL(image);
  preview.alt = 'The image to classify';
  preview.hidden = false;
  hint.hidden = true;
  if (old) URL.revokeObjectURL(old);
  for (const article of document.querySelectorAll('.model')) {
    if (!IMAGE_TYPES.includes(image.type)) {
      showError(article, `This file type is not supported; choose a file of type ${IMAGE_TYPES.join(', ')}.`);
      continue;
    }
    try {
      const url = `v1/classify?model=${article.dataset.model}&top=${TOP}`;
      const answer = await json(url, {
        method: 'POST',
        headers: { 'content-type': image.type },
        body: image,
      });
      if (mine === latest) showAnswer(article, answer);
    } catch (error) {
      if (mine === latest) showError(article, error.message);
    }
  }
}

async function showModels() {
  const { models } = await json('v2');
  for (const model of models) {
    const article = card(model);
    try {
      const about = await json(`v2/models/${model}`);
      const kind = about.demo ? 'demo model' : 'model';
      article.querySelector('.about').textContent =
        `${kind} · ${about.architecture} · ${about.engine.name}, ${about.precision}, ${about.threads} ${about.threads === 1 ? 'thread' : 'threads'}`;
      if (about.demo) {
        const footer = byId('demo');
        footer.hidden = false;
        footer.textContent = `These are demo models. They know only ${about.classes.length} procedural textures: ${about.classes.join(', ')}. Their results for photographs are meaningless.`;
      }
    } catch (error) {
      showError(article, error.message);
    }
  }
}

async function showSamples() {
  for (const name of await json('samples')) {
    const button = document.createElement('button');
    const image = document.createElement('img');
    image.src = `samples/${name}`;
    image.alt = '';
    button.type = 'button';
    button.title = name.replace('.jpg', '');
    button.setAttribute('aria-label', `Classify the sample ${button.title}`);
    button.append(image);
    button.addEventListener('click', async () => {
      const response = await fetch(image.src);
      await classify(await response.blob());
    });
    byId('samples').append(button);
  }
}

file.addEventListener('change', () => {
  if (file.files[0]) classify(file.files[0]);
  file.value = '';
});
for (const [name, over] of [
  ['dragover', true],
  ['dragleave', false],
  ['drop', false],
]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', over);
    if (name === 'drop' && event.dataTransfer.files[0]) classify(event.dataTransfer.files[0]);
  });
}
document.addEventListener('paste', (event) => {
  const pasted = [...event.clipboardData.files].find(({ type }) => type.startsWith('image/'));
  if (pasted) classify(pasted);
});

await showModels();
await showSamples();
