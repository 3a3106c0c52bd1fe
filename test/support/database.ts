// A fresh, migrated database for a test: a clone of the run's template, opened under the application's own role.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { type Db, openDatabase } from '../../src/db/knex.ts';
import { migrate } from '../../src/db/migrations.ts';
import { startPostgres } from '../../src/local/postgres.ts';

export interface TestDatabase {
  /** Its address, as the application would be given it; pools opened by `openDatabase` switch to the application's role. */
  readonly url: string;
  /** The same database without the application role: for tests that tamper, or look at what the application may not. */
  readonly superuserUrl: string;
  readonly db: Db;
  /** Closes the pool and drops the database, whoever is still connected to it. */
  close(): Promise<void>;
}

/** Clones the migrated template into a database of this test's own. `poolSize` is that of `db`. */
export async function createDatabase(of: { poolSize?: number } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${inject('templateDatabase')}`);
  const address = new URL(inject('postgresUrl'));
  address.pathname = `/${name}`;
  const url = address.href;
  const db = openDatabase({ url, poolSize: of.poolSize ?? 5, onError: () => {} });
  return {
    url,
    superuserUrl: url,
    db,
    async close() {
      await db.destroy();
      await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** An empty database without any migration, for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<{ url: string; close(): Promise<void> }> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(`CREATE DATABASE ${name}`);
  const address = new URL(inject('postgresUrl'));
  address.pathname = `/${name}`;
  return { url: address.href, close: () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/**
 * Copies a database as it is now, as a backup would, breaking off whoever is connected to it. `restore` puts the copy in its place:
 * everything committed since is forgotten.
 */
export async function backUp(of: Pick<TestDatabase, 'url'>): Promise<{ restore(): Promise<void> }> {
  const name = new URL(of.url).pathname.slice(1);
  const copy = `${name}_backup`;
  const disconnect = () =>
    administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
  await disconnect();
  await administer(`CREATE DATABASE ${copy} TEMPLATE ${name}`);
  return {
    async restore() {
      await administer(`DROP DATABASE ${name} WITH (FORCE)`);
      await administer(`ALTER DATABASE ${copy} RENAME TO ${name}`);
    },
  };
}

export interface ServerDatabase extends TestDatabase {
  /** Ends the server without a checkpoint, every connection with it, and starts it again on the same address. */
  restart(): Promise<void>;
}

/** A migrated database on a server of its own, for tests that take the server down. */
export async function createServerDatabase(): Promise<ServerDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'eversend-payments-server-'));
  const settings = { fsync: 'off' };
  let server = await startPostgres({ dataDir: folder, settings });
  const { url, port } = server;
  await migrate(url);
  const db = openDatabase({ url, poolSize: 5, onError: () => {} });
  return {
    url,
    superuserUrl: url,
    db,
    async restart() {
      await server.stop('immediate');
      server = await startPostgres({ dataDir: folder, port, settings });
    },
    async close() {
      await db.destroy();
      await server.stop('immediate');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
