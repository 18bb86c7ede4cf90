import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDryRunFolder } from '../../src/cli/dry-run-folder.ts';

const scratch = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'quotagram-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('a folder that is made, and every file in it, is for its owner alone', () => {
  const folder = join(scratch(), 'out', 'dry-run');
  const { isOpen, write, describe } = openDryRunFolder(folder);
  write('001-a@example.test.eml', 'x');
  describe('one mail\n');
  expect([join(folder, '..'), folder].map(modeOf)).toEqual(['700', '700']);
  expect(readdirSync(folder).map((name) => [name, modeOf(join(folder, name))])).toEqual([
    ['001-a@example.test.eml', '600'],
    ['README.txt', '600'],
  ]);
  expect(isOpen).toBe(false);
});

test('what an earlier dry run left is gone before anything new is written', () => {
  const folder = scratch();
  const earlier = openDryRunFolder(folder);
  for (const name of ['001-a.eml', '1234-b.html', 'summary-c.txt']) earlier.write(name, 'old');
  earlier.describe('three mails\n');
  openDryRunFolder(folder);
  expect(readdirSync(folder)).toEqual(['README.txt']);
  expect(readFileSync(join(folder, 'README.txt'), 'utf8')).toMatch(/It has not finished\.\n$/);
});

test.each([
  { name: 'a file of somebody else', files: ['notes.md'] },
  { name: 'files named like ours that no dry run marked', files: ['001-a.eml'] },
  { name: 'a README of somebody else', files: ['README.txt'] },
])('a folder with $name is refused and left as it is', ({ files }) => {
  const folder = scratch();
  for (const file of files) writeFileSync(join(folder, file), 'theirs');
  expect(() => openDryRunFolder(folder)).toThrow(`holds other files: ${files.join(', ')}`);
  expect(readdirSync(folder)).toEqual(files);
  expect(readFileSync(join(folder, files[0] ?? ''), 'utf8')).toBe('theirs');
});

test('a folder of an earlier dry run to which somebody added a file is refused, and keeps its mails', () => {
  const folder = scratch();
  openDryRunFolder(folder).write('001-a.eml', 'old');
  writeFileSync(join(folder, 'approved.md'), 'yes');
  expect(() => openDryRunFolder(folder)).toThrow('holds other files: approved.md');
  expect(readdirSync(folder)).toEqual(['001-a.eml', 'README.txt', 'approved.md']);
});

test('an empty folder that was there keeps its rights, and it is known that others can look into it', () => {
  const folder = join(scratch(), 'shared');
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  expect(openDryRunFolder(folder).isOpen).toBe(true);
  expect(modeOf(folder)).toBe('755');
  chmodSync(folder, 0o700);
  expect(openDryRunFolder(folder).isOpen).toBe(false);
});

test('a file in the place of the folder is refused with what to do', () => {
  const file = join(scratch(), 'file');
  writeFileSync(file, '');
  expect(() => openDryRunFolder(file)).toThrow(`the folder ${file} cannot be written to: ENOTDIR`);
  expect(() => openDryRunFolder(join(file, 'below'))).toThrow('cannot be written to: ENOTDIR');
});
