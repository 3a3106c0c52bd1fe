// The embedded database: kept through restarts, kills and half-finished starts, and never left behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddedPostgres, startPostgres } from '../../src/local/postgres.ts';
import { explain } from '../../src/local/problem.ts';
import { isAlive } from '../../src/local/process-identity.ts';
import { until } from '../support/until.ts';

const quick = { fsync: 'off' };
const base = mkdtempSync(join(tmpdir(), 'eversend-payments-local-'));
chmodSync(base, 0o711);
const home = join(base, 'postgres');
const running: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

async function start(dataDir = home, port?: number): Promise<EmbeddedPostgres> {
  const postgres = await startPostgres({ dataDir, settings: quick, ...(port === undefined ? {} : { port }) });
  running.push(postgres);
  return postgres;
}

async function query(postgres: EmbeddedPostgres, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query(text);
  await client.end();
  return rows;
}

/** Another process that starts PostgreSQL in `home`, as an earlier `npm start` would have. */
async function startElsewhere(): Promise<{ starter: ChildProcess; pid: number }> {
  const starter = spawn(process.execPath, [join(import.meta.dirname, 'start-postgres.ts'), home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(starter);
  const [line] = (await once(starter.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return { starter, pid: Number(line.toString()) };
}

beforeAll(async () => {
  const postgres = await start();
  await query(postgres, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await postgres.stop();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const postgres of running.splice(0)) await postgres.stop('immediate');
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

test('what was stored is there after a restart, under the same password', async () => {
  const first = await start();
  await first.stop();
  const second = await start();
  expect(new URL(second.url).password).toBe(new URL(first.url).password);
  expect(await query(second, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
});

test('a server that was killed is recovered by the next start', async () => {
  const killed = await start();
  killed.kill('SIGKILL');
  await killed.exited;
  expect(await query(await start(), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
});

test('a pid file whose number now belongs to an unrelated process does not keep it from starting', async () => {
  const killed = await start();
  killed.kill('SIGKILL');
  await killed.exited;
  // PostgreSQL itself overlooks processes of other users, so this one belongs to the user it runs as.
  const { uid, gid } = statSync(join(home, 'data'));
  const stranger = spawn('sleep', ['600'], { uid, gid, cwd: '/' });
  children.push(stranger);
  const pidFile = join(home, 'data', 'postmaster.pid');
  const [, ...rest] = readFileSync(pidFile, 'utf8').split('\n');
  writeFileSync(pidFile, [stranger.pid, ...rest].join('\n'));

  expect(await query(await start(), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  expect(isAlive(stranger.pid ?? 0)).toBe(true);
});

test('when its starter is killed the server ends by itself, and the next start need not wait for that', async () => {
  const { starter, pid } = await startElsewhere();
  starter.kill('SIGKILL');
  await once(starter, 'exit');
  const next = await start();
  expect(await query(next, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  await next.stop();

  const again = await startElsewhere();
  again.starter.kill('SIGKILL');
  await until(() => !isAlive(again.pid), 'the orphaned PostgreSQL has ended');
  expect(isAlive(pid)).toBe(false);
});

test('a second server on the same folder is refused with the process that holds it', async () => {
  const { starter } = await startElsewhere();
  await expect(start()).rejects.toThrow(`Process ${starter.pid} already runs a database in ${home}`);
});

test('an initdb that was cut short is done again', async () => {
  const fresh = join(base, 'cut-short');
  mkdirSync(join(fresh, 'initdb-1', 'base'), { recursive: true });
  chmodSync(fresh, 0o711);
  writeFileSync(join(fresh, 'initdb-1', 'PG_VERSION'), '18\n');
  expect(await query(await start(fresh), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(existsSync(join(fresh, 'initdb-1'))).toBe(false);
});

test('a port that is in use is named', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await expect(start(home, port)).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
  server.close();
});

test('a folder that cannot be one, a full disk and a read-only one are each said in one sentence', async () => {
  writeFileSync(join(base, 'file'), '');
  await expect(start(join(base, 'file', 'below'))).rejects.toThrow(/is not a folder.*DATA_DIR\.$/);
  expect(explain('FATAL: could not write: No space left on device', '/x')?.message).toMatch(/^The disk .* is full/);
  expect(explain('FATAL: could not extend file: wrote only 4096 of 8192 bytes', '/x')?.message).toMatch(/is full/);
  expect(explain("EROFS: read-only file system, mkdir '/x'", '/x')?.message).toMatch(/cannot be written/);
});

const asRoot = process.getuid?.() === 0;
if (!asRoot) process.stderr.write('\nSKIPPED: only root can prove that a folder private to root works.\n');

describe.skipIf(!asRoot)('as root, in a folder that only root can enter', () => {
  test('the database lies outside, is found again after a restart, and is fresh once the folder was deleted', async () => {
    const hidden = join(base, 'private');
    mkdirSync(hidden, { mode: 0o700 });
    const inside = join(hidden, 'postgres');
    const outside: string[] = [];
    try {
      const first = await start(inside);
      outside.push(readFileSync(join(inside, 'location'), 'utf8'));
      await query(first, 'CREATE TABLE kept AS SELECT 1 AS answer');
      await first.stop();
      const second = await start(inside);
      expect(await query(second, 'SELECT answer FROM kept')).toEqual([{ answer: 1 }]);
      await second.stop();
      rmSync(inside, { recursive: true });
      const third = await start(inside);
      outside.push(readFileSync(join(inside, 'location'), 'utf8'));
      expect(await query(third, "SELECT to_regclass('kept') AS kept")).toEqual([{ kept: null }]);
      await third.stop();
    } finally {
      for (const folder of outside) rmSync(folder, { recursive: true, force: true });
    }
  });
});
