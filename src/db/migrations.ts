// Applies the migrations in order, one process at a time: a second one waits instead of failing.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import knexModule, { type Knex } from 'knex';
import pg from 'pg';

const DIRECTORY = join(import.meta.dirname, '..', '..', 'migrations');
/** Any fixed number: it names our advisory lock among those of one database. */
const ADVISORY_LOCK = 7_346_020_251;
const WAIT_FOR_OTHERS_MS = 120_000;
/**
 * How long a migration may stand in a table's queue. Whoever comes after it stands behind it, payments too, so it gives up soon,
 * with nothing done, and tries again when the table may be freer.
 */
const WAIT_FOR_TABLE_MS = 1000;
const WAIT_BETWEEN_TRIES_MS = 500;
const LOCK_NOT_AVAILABLE = '55P03';

/** How knex finds and records migrations on that database (knexfile.ts and the commands share it). */
export function migrationSettings(url: string, directory = DIRECTORY): Knex.Config {
  return {
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: 'eversend-payments-migrate',
      connectionTimeoutMillis: 10_000,
    },
    // knex prints the whole migration that did not get its lock; it is tried again, so there is nothing to read yet.
    log: {
      warn(message: string) {
        if (!/lock timeout/.test(message)) process.stderr.write(`${message}\n`);
      },
    },
    pool: {
      min: 0,
      max: 2,
      afterCreate(connection: pg.Client, done: (error: Error | null, connection: pg.Client) => void) {
        connection.query(`SET lock_timeout = ${WAIT_FOR_TABLE_MS}`, (error) => done(error ?? null, connection));
      },
    },
    migrations: { directory, loadExtensions: ['.ts'], extension: 'ts', tableName: 'schema_migrations' },
  };
}

/**
 * Brings the database up to date, also while payments run; returns the names of the migrations that were applied (none: it already
 * was). A table that never comes free within two minutes raises Postgres's own 55P03, with nothing changed.
 */
export function migrate(url: string, directory = DIRECTORY): Promise<readonly string[]> {
  return alone(url, directory, async (knex) => {
    const [, applied] = (await patiently(() => knex.migrate.latest())) as [number, string[]];
    return applied;
  });
}

/** Takes the last batch back; returns the names of the migrations that were undone. */
export function rollBack(url: string, directory = DIRECTORY): Promise<readonly string[]> {
  return alone(url, directory, async (knex) => {
    const [, undone] = (await patiently(() => knex.migrate.rollback())) as [number, string[]];
    return undone;
  });
}

/** Names of applied and of pending migrations, in order. Changes nothing. */
export async function migrationStatus(
  url: string,
): Promise<{ applied: readonly string[]; pending: readonly string[] }> {
  const knex = knexModule(migrationSettings(url));
  try {
    const [applied, pending] = (await knex.migrate.list()) as [{ name: string }[], { file: string }[]];
    return { applied: applied.map(({ name }) => name), pending: pending.map(({ file }) => file) };
  } finally {
    await knex.destroy();
  }
}

/** What the database lacks of this code's migrations, and what it has that this code does not know; asked through the application's own pool. */
export async function compareMigrations(db: Knex): Promise<{ missing: readonly string[]; unknown: readonly string[] }> {
  const files = (await readdir(DIRECTORY)).filter((file) => file.endsWith('.ts')).toSorted();
  const rows = (await db.select('name').from('schema_migrations').orderBy('id')) as { name: string }[];
  const applied = rows.map(({ name }) => name);
  return {
    missing: files.filter((file) => !applied.includes(file)),
    unknown: applied.filter((name) => !files.includes(name)),
  };
}

/** Whether this code knows migrations that the database lacks. */
export async function migrationsPending(db: Knex): Promise<boolean> {
  return (await compareMigrations(db)).missing.length > 0;
}

/** What is pending is applied in one database transaction: when it did not get a lock, nothing was done, and it can be tried again. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const until = performance.now() + WAIT_FOR_OTHERS_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE || performance.now() > until) throw error;
      await wait(WAIT_BETWEEN_TRIES_MS);
    }
  }
}

async function alone<T>(url: string, directory: string, work: (knex: Knex) => Promise<T>): Promise<T> {
  const holder = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  holder.on('error', () => {});
  await holder.connect();
  const knex = knexModule(migrationSettings(url, directory));
  try {
    await holder.query(`SET lock_timeout = ${WAIT_FOR_OTHERS_MS}`);
    await holder.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    // knex's own lock is a row that a killed run leaves behind; ours ends with its connection, so whoever holds it may clear the row.
    await knex.migrate.forceFreeMigrationsLock();
    return await work(knex);
  } finally {
    await knex.destroy();
    await holder.end();
  }
}
