// Copies of the working tree in the system's temporary folder, in which a mechanism can be taken out without touching the original.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { atExit } from './at-exit.ts';
import type { Edit } from './mutation.ts';

/** What is made anew or is no source: the packages are linked instead. */
const LEFT_OUT = new Set(['.git', '.local', 'coverage', 'node_modules']);

export interface Copy {
  readonly folder: string;
  remove(): void;
}

export function copyTree(root: string): Copy {
  const folder = mkdtempSync(join(tmpdir(), 'eversend-payments-mutant-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const leftBehind = atExit(remove);
  cpSync(root, folder, { recursive: true, filter: (path) => !LEFT_OUT.has(relative(root, path)) });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return {
    folder,
    remove() {
      leftBehind.dismiss();
      remove();
    },
  };
}

/** Makes the replacements, one after the other. Gives the reason, and leaves the rest undone, when one does not apply. */
export function applyEdits(folder: string, edits: readonly Edit[]): string | null {
  for (const { file, find, replace } of edits) {
    const path = join(folder, file);
    const before = read(path);
    if (before === null) return `there is no ${file}`;
    const parts = before.split(find);
    if (parts.length !== 2) return `${file} holds ${JSON.stringify(find)} ${parts.length - 1} times instead of once`;
    writeFileSync(path, parts.join(replace));
  }
  return null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
