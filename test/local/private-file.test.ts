// Files that hold secrets: written for their owner alone, and not believed when others could read them.
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPrivate, writePrivate } from '../../src/local/private-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eversend-payments-private-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a private file is its owner’s alone, and one that others may read is refused with what to do', () => {
  const path = join(folder, 'secrets.json');
  expect(readPrivate(path)).toBeNull();
  writePrivate(path, { key: 'secret' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readPrivate(path)).toEqual({ key: 'secret' });
  for (const mode of [0o644, 0o640, 0o604, 0o622]) {
    chmodSync(path, mode);
    expect(() => readPrivate(path)).toThrow(/may be read by others: chmod 600/);
  }
  chmodSync(path, 0o400);
  expect(readPrivate(path)).toEqual({ key: 'secret' });
});
