// The book on disk: one JSON entry per line, written before the caller is answered, so that a killed simulator finds it all again.
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export interface StateFile {
  append(lines: string): void;
  empty(): void;
  close(): void;
}

/**
 * Opens the file at `path`, making it (and its folder) where needed, and hands each stored entry to `read`. A last line that
 * a crash left unfinished is cut off. Raises an Error with one clear sentence when a line cannot be read.
 */
export function openStateFile(path: string, read: (entry: unknown) => void): StateFile {
  mkdirSync(dirname(path), { recursive: true });
  const stored = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const whole = stored.subarray(0, stored.lastIndexOf(0x0a) + 1);
  let start = 0;
  for (let line = 1; start < whole.length; line += 1) {
    const end = whole.indexOf(0x0a, start);
    try {
      read(JSON.parse(whole.toString('utf8', start, end)));
    } catch (error) {
      throw new Error(
        `Line ${line} of the simulator's state file ${path} cannot be read (${(error as Error).message}): delete the file to start with an empty book.`,
      );
    }
    start = end + 1;
  }
  // Appending keeps every write at the end whatever the position; a plain write is enough to survive our own death.
  const file = openSync(path, 'a', 0o600);
  if (whole.length < stored.length) ftruncateSync(file, whole.length);
  return {
    append: (lines) => {
      writeSync(file, lines);
    },
    empty: () => ftruncateSync(file, 0),
    close: () => closeSync(file),
  };
}
