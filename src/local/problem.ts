// What keeps the local system from running, as one sentence that says what to do.
export class LocalProblem extends Error {
  override name = 'LocalProblem';
}

/** The sentence for what PostgreSQL and the file system say when a folder cannot be used, or null when it is something else. */
export function explain(said: string, folder: string): LocalProblem | null {
  if (/No space left|ENOSPC|Disk quota|wrote only \d+ of/i.test(said)) {
    return new LocalProblem(`The disk that holds ${folder} is full: free some space and start again.`);
  }
  if (/ENOTDIR|EEXIST|Not a directory/.test(said)) {
    return new LocalProblem(`${folder} is not a folder, nor can it become one: choose another with DATA_DIR.`);
  }
  if (/Permission denied|EACCES|EPERM|ENOENT|Read-only file system|EROFS/i.test(said)) {
    return new LocalProblem(
      `The folder ${folder} cannot be written: make it writable, or choose another with DATA_DIR.`,
    );
  }
  return null;
}
