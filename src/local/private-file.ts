// Folders, and small JSON files that only their owner may read, replaced in one piece.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LocalProblem } from './problem.ts';

/** Makes the folder and those above it. (Node's own recursive mkdir never returns where a file system refuses with ENOENT.) */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !existsSync(path)) throw error;
  }
}

/** Writes `value` as JSON with mode 0600; a reader sees the old file or the new one, never half of it. */
export function writePrivate(path: string, value: unknown): void {
  const draft = `${path}.${process.pid}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

/** The texts in such a file, or null when it is not there. Raises LocalProblem when others may read it, or it is not the JSON object it should be. */
export function readPrivate(path: string): Record<string, string> | null {
  let text: string;
  try {
    // Windows has no such modes, and tells something else there.
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
      throw new LocalProblem(
        `${path} holds secrets and may be read by others: chmod 600 it, and change what they may have read.`,
      );
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof LocalProblem) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new LocalProblem(`${path} cannot be read (${(error as Error).message}): make it readable for this user.`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && Object.values(value).every((item) => typeof item === 'string')) {
      return value as Record<string, string>;
    }
  } catch {
    // Said below.
  }
  throw new LocalProblem(`${path} is damaged: put it back from a copy, or delete it.`);
}
