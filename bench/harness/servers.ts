// The benchmark's own PostgreSQL and Redis, in a temporary folder, as durable as in production: fsync on, AOF every second.
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, fsyncSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { freePort } from '../../src/local/ports.ts';
import { startPostgres } from '../../src/local/postgres.ts';
import { startChild } from './child.ts';
import { median } from './figures.ts';
import type { Machine } from './load.ts';

export interface Servers extends Machine {
  readonly serverVersion: string;
  /** Median time of one fsync of 8 kB in the servers' folder: durable commits cost at least this. */
  readonly fsyncUs: number;
  /** Makes an empty database and gives its address. */
  createDatabase(name: string): Promise<string>;
  /** The address of one of Redis's numbered databases. */
  redisUrl(database: number): string;
  /** Runs a statement in the database `postgres`. */
  administer(statement: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

const REDIS_PATIENCE_MS = 10_000;

/** Starts both. Raises one sentence when this machine has no redis-server. */
export async function startServers(of: { statistics: boolean }): Promise<Servers> {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    throw new Error('redis-server is not on PATH: install Redis (the benchmark starts a private one).');
  }
  const folder = mkdtempSync(join(tmpdir(), 'eversend-payments-bench-'));
  // PostgreSQL may run as another user than we do.
  chmodSync(folder, 0o755);
  const cleanup = new AsyncDisposableStack();
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // However this process ends; the servers in it end with it.
  process.once('exit', remove);
  cleanup.defer(() => {
    process.off('exit', remove);
    remove();
  });
  try {
    const fsyncUs = measureFsync(folder);
    const postgres = await startPostgres({
      dataDir: join(folder, 'postgres'),
      settings: {
        max_connections: '200',
        ...(of.statistics
          ? { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'all', track_io_timing: 'on' }
          : {}),
      },
    });
    cleanup.defer(() => postgres.stop());
    const redis = await startRedis(folder);
    cleanup.defer(() => redis.child.end());

    const client = new pg.Client({ connectionString: postgres.url });
    client.on('error', () => {});
    await client.connect();
    cleanup.defer(() => client.end());
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return {
      postgresPid: postgres.pid,
      redisPid: redis.child.pid,
      serverVersion: rows[0]?.server_version ?? '',
      fsyncUs,
      redisUrl: (database) => `${redis.url}/${database}`,
      async createDatabase(name) {
        await client.query(`CREATE DATABASE ${name}`);
        const address = new URL(postgres.url);
        address.pathname = `/${name}`;
        return address.href;
      },
      administer: async (statement) => (await client.query<Record<string, unknown>>(statement)).rows,
      close: () => cleanup.disposeAsync(),
    };
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

async function startRedis(folder: string) {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const child = startChild({
    name: 'redis-server',
    command: 'redis-server',
    args: [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'yes',
      '--appendfsync',
      'everysec',
    ],
  });
  const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => {});
  const deadline = performance.now() + REDIS_PATIENCE_MS;
  try {
    while ((await Promise.race([client.ping(), wait(100, '')])) !== 'PONG') {
      child.mustLive();
      if (performance.now() > deadline) throw new Error('redis-server did not answer in time');
    }
  } finally {
    client.disconnect();
  }
  return { url, child };
}

function measureFsync(folder: string): number {
  const path = join(folder, 'fsync');
  const file = openSync(path, 'w');
  const page = Buffer.alloc(8192, 1);
  const times = Array.from({ length: 50 }, () => {
    const startedAt = performance.now();
    writeSync(file, page);
    fsyncSync(file);
    return (performance.now() - startedAt) * 1000;
  });
  closeSync(file);
  unlinkSync(path);
  return Math.round(median(times));
}
