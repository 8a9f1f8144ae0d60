import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { imageFiles } from '../../cli/image-files';

const folder = mkdtempSync(join(tmpdir(), 'tandem-image-files-'));
const at = (...names: string[]) => names.map((name) => join(folder, name));
beforeAll(() => {
  mkdirSync(join(folder, 'empty'));
  mkdirSync(join(folder, 'photos', 'more'), { recursive: true });
  for (const name of ['b.JPG', 'a.png', 'more/c.tif', 'more/d [1].webp', 'notes.txt', '.hidden.jpg'])
    writeFileSync(join(folder, 'photos', name), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a folder stands for the images in it and below it, sorted; other files are left out', () => {
  expect(imageFiles(at('photos'))).toEqual({
    files: at('photos/a.png', 'photos/b.JPG', 'photos/more/c.tif', 'photos/more/d [1].webp'),
    leftOut: at('photos/notes.txt'),
  });
});

test('a pattern stands for the images that match', () => {
  expect(imageFiles(at('photos/*.{png,txt}'))).toEqual({
    files: at('photos/a.png'),
    leftOut: at('photos/notes.txt'),
  });
  expect(imageFiles(at('photos/**/c.*')).files).toEqual(at('photos/more/c.tif'));
});

test('a file is kept whatever its name, be it missing or like a pattern', () => {
  const files = at('photos/notes.txt', 'missing.jpg', 'photos/more/d [1].webp');
  expect(imageFiles(files)).toEqual({ files, leftOut: [] });
});

test('a folder or pattern without images is refused', () => {
  expect(() => imageFiles(at('empty'))).toThrow(/empty must hold files that end in .jpg, .*, received none/);
  expect(() => imageFiles(at('photos/*.txt'))).toThrow(/received 1 others, such as .*notes\.txt/);
  expect(() => imageFiles(at('none/*.jpg'))).toThrow(/received none/);
});
