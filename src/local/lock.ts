// A lock file that says who holds a folder, and that a killed holder cannot keep.
import { constants, copyFileSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './private-file.ts';
import { identityOf } from './process-identity.ts';

/** Somebody alive holds the lock. */
export class LockHeld extends Error {
  readonly pid: number;
  constructor(path: string, pid: number) {
    super(`${path} is held by process ${pid}`);
    this.name = 'LockHeld';
    this.pid = pid;
  }
}

export interface Lock {
  /** Whether a holder that had not let go (killed, power cut) was found and overruled. */
  readonly recovered: boolean;
  release(): void;
}

/** Takes the lock for this process. Raises LockHeld while its holder is alive; file system errors come through as they are. */
export function acquireLock(path: string): Lock {
  makeFolder(dirname(path));
  const mine = JSON.stringify({ pid: process.pid, identity: identityOf(process.pid) });
  const draft = `${path}.${process.pid}.${process.hrtime.bigint()}`;
  let recovered = false;
  // Linking a finished file is atomic: nobody ever reads a lock that is half written.
  writeFileSync(draft, mine, { mode: 0o644 });
  try {
    for (;;) {
      if (link(draft, path)) break;
      const found = read(path);
      if (found === null) continue;
      const holder = parse(found);
      if (holder !== null && holder.identity === identityOf(holder.pid)) throw new LockHeld(path, holder.pid);
      recovered = setAside(path, found) || recovered;
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    recovered,
    release() {
      if (read(path) === mine) rmSync(path, { force: true });
    },
  };
}

/** Whether somebody alive holds the lock. */
export function isHeld(path: string): boolean {
  const holder = parse(read(path) ?? '');
  return holder !== null && holder.identity === identityOf(holder.pid);
}

/** Removes the stale lock that was read, unless another newcomer replaced it meanwhile: then its lock is put back. */
function setAside(path: string, stale: string): boolean {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const wasStale = read(aside) === stale;
  if (!wasStale) link(aside, path);
  rmSync(aside, { force: true });
  return wasStale;
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // Some mounted folders know no hard links; an exclusive copy is the next best.
    if (['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(code)) return copy(from, to);
    throw error;
  }
}

function copy(from: string, to: string): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parse(text: string): { pid: number; identity: string } | null {
  try {
    const { pid, identity } = JSON.parse(text) as { pid?: unknown; identity?: unknown };
    return typeof pid === 'number' && typeof identity === 'string' ? { pid, identity } : null;
  } catch {
    return null;
  }
}
