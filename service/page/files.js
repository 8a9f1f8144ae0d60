/** The ways in which files come to the page: the picker, a drop, a paste. */

const byId = (id) => document.getElementById(id);

/** Gives `pick` the files that the user picks, drops or pastes. */
export function takeFiles(pick) {
  const file = byId('file');
  file.addEventListener('change', () => {
    pick([...file.files]);
    file.value = '';
  });
  // The whole page takes drops: beside the zone, the browser would open the file.
  for (const [name, over] of [
    ['dragover', true],
    ['dragleave', false],
    ['drop', false],
  ]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      byId('drop').classList.toggle('over', over);
      if (name === 'drop') pick([...event.dataTransfer.files]);
    });
  }
  document.addEventListener('paste', (event) => {
    const files = [...event.clipboardData.files];
    if (files.length > 0) pick(files);
  });
}
