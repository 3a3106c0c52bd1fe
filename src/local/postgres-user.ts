// Which system user PostgreSQL runs as: it refuses root, so root hands it to an ordinary user and checks what that user reaches.
import { execFileSync, spawnSync } from 'node:child_process';
import { LocalProblem } from './problem.ts';

/** A system user that PostgreSQL is started as; null means: as ourselves. */
export type RunAs = { readonly name: string; readonly uid: number; readonly gid: number } | null;

/** As root: the user `postgres`, created when it is missing, else `nobody`. As anyone else: null. */
export function userForPostgres(): RunAs {
  if (process.getuid?.() !== 0) return null;
  const user = find('postgres') ?? create('postgres') ?? find('nobody');
  if (user === null) {
    throw new LocalProblem(
      'PostgreSQL refuses to run as root and no other user could be found or created: run this as an ordinary user, or set DATABASE_URL.',
    );
  }
  return user;
}

/** Spawn options that make a child run as that user. */
export function asUser(user: RunAs): { uid?: number; gid?: number } {
  return user === null ? {} : { uid: user.uid, gid: user.gid };
}

/** Whether that user can enter the folder: every folder above it must let it through (root's home usually does not). */
export function canEnter(user: RunAs, folder: string): boolean {
  if (user === null) return true;
  const tried = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...asUser(user), cwd: '/', stdio: 'ignore' });
  if ((tried.error as NodeJS.ErrnoException | undefined)?.code === 'EPERM') {
    throw new LocalProblem(
      `PostgreSQL refuses to run as root, and this process may not become the user ${user.name}: run it as an ordinary user, or set DATABASE_URL.`,
    );
  }
  return tried.status === 0;
}

function find(name: string): RunAs {
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })),
    );
    return uid && gid && Number.isInteger(uid) && Number.isInteger(gid) ? { name, uid, gid } : null;
  } catch {
    return null;
  }
}

function create(name: string): RunAs {
  const ways: [string, string[]][] = [
    ['useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name]],
    ['adduser', ['--system', '--group', '--no-create-home', name]],
    ['adduser', ['-S', '-D', '-H', name]],
  ];
  for (const [command, args] of ways) {
    if (spawnSync(command, args, { stdio: 'ignore' }).status === 0) return find(name);
  }
  return null;
}
