// Deals with what a killed run left in a data directory: a PostgreSQL still running there, or a pid file naming somebody else.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { LocalProblem } from './problem.ts';
import { commandOf, isAlive } from './process-identity.ts';

const FAST_STOP_MS = 20_000;
const KILL_MS = 5_000;

/** The first lines of `postmaster.pid`, or null when there is none: who runs there, and how far its start has come. */
export function readPidFile(cluster: string): { pid: number; status: string } | null {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), status: (lines[7] ?? '').trim() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Stops a PostgreSQL that an earlier, killed run left running on this data directory, cleanly if it listens and hard if not, and
 * neutralises a pid file whose number now belongs to an unrelated process. The caller holds the data directory's lock.
 */
export async function clearLeftovers(cluster: string, log: (sentence: string) => void): Promise<void> {
  const found = readPidFile(cluster);
  if (found === null || !isAlive(found.pid)) return;
  if (!runsOn(found.pid, cluster)) {
    // Our own pid in place of the stranger's: PostgreSQL ignores a pid file that names its parent, yet still looks at the shared
    // memory recorded there, which deleting the file would give up (a lost server's last backend could still be writing).
    const path = join(cluster, 'postmaster.pid');
    const [, ...rest] = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, [String(process.pid), ...rest].join('\n'));
    return;
  }
  log('An earlier run was killed and left its PostgreSQL running; stopping that one first.');
  for (const [signal, patienceMs] of [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', KILL_MS],
    ['SIGKILL', KILL_MS],
  ] as const) {
    if (await endWith(found.pid, signal, patienceMs)) return;
  }
  throw new LocalProblem(
    `A PostgreSQL (process ${found.pid}) still runs on ${cluster} and cannot be stopped: end it first.`,
  );
}

async function endWith(pid: number, signal: NodeJS.Signals, patienceMs: number): Promise<boolean> {
  try {
    process.kill(pid, signal);
  } catch {
    return !isAlive(pid);
  }
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    if (!isAlive(pid)) return true;
    await wait(20);
  }
  return false;
}

function runsOn(pid: number, cluster: string): boolean {
  const command = commandOf(pid);
  return command.includes('postgres') && command.includes(cluster);
}
