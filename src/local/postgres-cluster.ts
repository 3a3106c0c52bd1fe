// Where the embedded database's files lie, and how they are made: in one piece or not at all.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Binaries, reachableFolder } from './postgres-binaries.ts';
import { asUser, canEnter, type RunAs } from './postgres-user.ts';
import { makeFolder } from './private-file.ts';
import { explain, LocalProblem } from './problem.ts';

/** PostgreSQL reads locale and time zone from its environment; a fixed one makes every machine's database alike. */
export const POSTGRES_ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin' };

/**
 * The cluster's folder for `home`: inside it, or, when PostgreSQL's user cannot go there, in a reachable folder that
 * `home/location` points at (so that deleting `home` means a fresh start). It need not exist yet.
 */
export function locateCluster(home: string, user: RunAs, log: (sentence: string) => void): string {
  makeFolder(home);
  if (user !== null) chmodSync(home, 0o711);
  const pointer = join(home, 'location');
  const pointed = readIfThere(pointer);
  if (pointed !== null && existsSync(pointed)) return join(claim(pointed, home, pointer), 'data');
  const inside = join(home, 'data');
  if (existsSync(inside) || canEnter(user, home)) return inside;
  if (pointed !== null) log(`The database that ${pointer} points at is gone; starting with a fresh one.`);
  const outside = join(reachableFolder(), `data-${randomBytes(8).toString('hex')}`);
  mkdirSync(outside, { mode: 0o711 });
  chmodSync(outside, 0o711);
  writeFileSync(join(outside, 'belongs-to'), realpathSync(home), { mode: 0o600 });
  writeFileSync(pointer, outside, { mode: 0o600 });
  log(`PostgreSQL's user ${user?.name ?? ''} cannot reach ${home}; the database lies in ${outside}.`);
  return join(outside, 'data');
}

/** As root, the owner of an existing cluster is who must run it, whoever made it. */
export function ownerOf(cluster: string, user: RunAs): RunAs {
  if (user === null || !existsSync(cluster)) return user;
  const { uid, gid } = statSync(cluster);
  return uid === 0 || uid === user.uid ? user : { name: String(uid), uid, gid };
}

/** The superuser's password, made on first use and kept beside the data (mode 0600). */
export function passwordFor(home: string, cluster: string): string {
  const path = join(home, 'password');
  const kept = readIfThere(path);
  if (kept !== null) return kept;
  if (existsSync(cluster)) {
    throw new LocalProblem(
      `${path} is missing, so the database cannot be opened: put it back, or delete ${home} to start afresh.`,
    );
  }
  const password = randomBytes(24).toString('base64url');
  writeFileSync(`${path}.new`, password, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return password;
}

/** Makes the cluster with initdb beside its place and renames it there, so that a cut-short initdb is simply done again. */
export async function initialise(of: {
  cluster: string;
  password: string;
  binaries: Binaries;
  user: RunAs;
  durable: boolean;
}): Promise<void> {
  const around = dirname(of.cluster);
  for (const name of readdirSync(around)) {
    if (name.startsWith('initdb-')) rmSync(join(around, name), { recursive: true, force: true });
  }
  const draft = join(around, `initdb-${process.pid}`);
  const passwordFile = `${draft}-password`;
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, `${of.password}\n`, { mode: 0o600 });
  if (of.user !== null) {
    chownSync(draft, of.user.uid, of.user.gid);
    chownSync(passwordFile, of.user.uid, of.user.gid);
  }
  try {
    await runInitdb(of, draft, passwordFile);
    renameSync(draft, of.cluster);
  } finally {
    rmSync(draft, { recursive: true, force: true });
    rmSync(passwordFile, { force: true });
  }
}

async function runInitdb(of: Parameters<typeof initialise>[0], draft: string, passwordFile: string): Promise<void> {
  const args = [
    `--pgdata=${draft}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    ...(of.durable ? [] : ['--no-sync']),
  ];
  const child = spawn(of.binaries.initdb, args, {
    ...asUser(of.user),
    cwd: '/',
    env: POSTGRES_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return;
  const reason = said.split('\n').find((line) => /error|fatal|could not/i.test(line)) ?? said.split('\n')[0] ?? '';
  const place = dirname(draft);
  throw explain(said, place) ?? new LocalProblem(`The database could not be created in ${place}: ${reason.trim()}`);
}

function claim(outside: string, home: string, pointer: string): string {
  const mine = realpathSync(home);
  const owner = readIfThere(join(outside, 'belongs-to'));
  if (owner !== null && owner !== mine) {
    if (readIfThere(join(owner, 'location')) === outside) {
      throw new LocalProblem(
        `${mine} is a copy of ${owner}, and both point at the one database in ${outside}: delete ${pointer} to start this one afresh.`,
      );
    }
    // The project was moved: its database moves its allegiance with it.
    writeFileSync(join(outside, 'belongs-to'), mine, { mode: 0o600 });
  }
  return outside;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
