// The server process of the embedded PostgreSQL: spawned, watched until it is ready, guarded and ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { Lock } from './lock.ts';
import type { Binaries } from './postgres-binaries.ts';
import { POSTGRES_ENVIRONMENT } from './postgres-cluster.ts';
import { readPidFile } from './postgres-leftovers.ts';
import { asUser, type RunAs } from './postgres-user.ts';
import { explain, LocalProblem } from './problem.ts';

const START_PATIENCE_MS = 120_000;
const FAST_STOP_MS = 15_000;
const HARD_STOP_MS = 5_000;
const LOG_LIMIT_BYTES = 20_000_000;

export interface EmbeddedPostgres {
  /** Superuser's address of the database `postgres`, with its password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Settles when the server has ended, whoever ended it. */
  readonly exited: Promise<void>;
  /** Ends it: `fast` finishes what is being written, `immediate` leaves that to recovery at the next start. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Sends a signal to the server process, as a fault would. */
  kill(signal: NodeJS.Signals): void;
}

/** Something else listens on the port that was chosen. */
export class PortTaken extends Error {}

/** Starts the server on an existing cluster and waits until it answers; the lock is released when it ends. Raises PortTaken or LocalProblem. */
export async function launch(of: {
  home: string;
  cluster: string;
  password: string;
  binaries: Binaries;
  user: RunAs;
  port: number;
  settings: Readonly<Record<string, string>>;
  lock: Lock;
}): Promise<EmbeddedPostgres> {
  const logFile = join(of.home, 'postgres.log');
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...of.settings,
  };
  const args = ['-D', of.cluster, '-p', String(of.port)];
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`);
  const deadline = Date.now() + START_PATIENCE_MS;
  for (;;) {
    const logStart = existsSync(logFile) && statSync(logFile).size < LOG_LIMIT_BYTES ? statSync(logFile).size : 0;
    const descriptor = openSync(logFile, logStart === 0 ? 'w' : 'a', 0o600);
    // Its own session: Ctrl-C in the terminal reaches us alone, so that the database goes last.
    const child = spawn(of.binaries.postgres, args, {
      ...asUser(of.user),
      cwd: '/',
      env: POSTGRES_ENVIRONMENT,
      detached: true,
      stdio: ['ignore', descriptor, descriptor],
    });
    closeSync(descriptor);
    const guardian = child.pid === undefined ? null : guard(child.pid);
    const exited = once(child, 'exit').then(
      () => void guardian?.kill('SIGKILL'),
      () => void guardian?.kill('SIGKILL'),
    );
    if (await becomesReady(child, exited, of.cluster, deadline)) return await serving(of, child, exited);
    const said = readFileSync(logFile).subarray(logStart).toString('utf8');
    // A killed server's last backends need a moment to notice; until then its shared memory is in use.
    if (/pre-existing shared memory block/.test(said) && Date.now() < deadline) {
      await wait(100);
      continue;
    }
    if (/could not bind|could not create any TCP\/IP sockets/.test(said)) throw new PortTaken();
    throw (
      explain(said, of.cluster) ?? new LocalProblem(`PostgreSQL did not start: ${lastReason(said)} (see ${logFile})`)
    );
  }
}

/** PostgreSQL writes into its pid file how far it is: no log line has to be understood. */
async function becomesReady(child: ChildProcess, exited: Promise<void>, cluster: string, deadline: number) {
  let ended = child.pid === undefined;
  void exited.then(() => {
    ended = true;
  });
  while (!ended) {
    const found = readPidFile(cluster);
    if (found?.pid === child.pid && found?.status === 'ready') return true;
    if (Date.now() > deadline) {
      child.kill('SIGQUIT');
      await exited;
      throw new LocalProblem(`PostgreSQL was not ready within ${START_PATIENCE_MS / 1000} s in ${cluster}.`);
    }
    await wait(10);
  }
  return false;
}

async function serving(
  of: { password: string; port: number; lock: Lock; home: string },
  child: ChildProcess,
  exited: Promise<void>,
): Promise<EmbeddedPostgres> {
  const pid = child.pid ?? 0;
  child.unref();
  void exited.then(() => of.lock.release());
  const stop = async (mode: 'fast' | 'immediate' = 'fast') => {
    child.ref();
    if (mode === 'fast' && (await endsAfter(child, 'SIGINT', exited, FAST_STOP_MS))) return;
    if (await endsAfter(child, 'SIGQUIT', exited, HARD_STOP_MS)) return;
    child.kill('SIGKILL');
    await exited;
  };
  const url = `postgres://postgres:${of.password}@127.0.0.1:${of.port}/postgres`;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    await client.end();
  } catch (error) {
    await stop();
    throw new LocalProblem(
      `PostgreSQL started but refused us (${(error as Error).message}): if ${join(of.home, 'password')} was changed, put it back.`,
    );
  }
  return { url, port: of.port, pid, exited, stop, kill: (signal) => void child.kill(signal) };
}

async function endsAfter(child: ChildProcess, signal: NodeJS.Signals, exited: Promise<void>, patienceMs: number) {
  child.kill(signal);
  const patience = new AbortController();
  const ended = await Promise.race([
    exited.then(() => true),
    wait(patienceMs, false, { signal: patience.signal }).catch(() => false),
  ]);
  patience.abort();
  return ended;
}

/** A shell that waits for our end of a pipe to close, as it does however we die, and then shuts the server down. */
function guard(pid: number): ChildProcess {
  const guardian = spawn('/bin/sh', ['-c', `trap '' INT TERM HUP; read -r _; kill -INT "$1"`, 'sh', String(pid)], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guardian.on('error', () => {});
  guardian.unref();
  (guardian.stdin as Socket).on('error', () => {}).unref();
  return guardian;
}

function lastReason(said: string): string {
  const lines = said.split('\n').filter((line) => /FATAL|PANIC|ERROR|DETAIL|error while loading/.test(line));
  return (
    lines
      .slice(0, 2)
      .map((line) => line.replace(/^.*?(FATAL|PANIC|ERROR|DETAIL):\s*/, ''))
      .join(' ') || 'it ended at once'
  );
}
