// Applies the migrations in order, one process at a time: a second one waits instead of failing.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import knexModule, { type Knex } from 'knex';
import pg from 'pg';

const DIRECTORY = join(import.meta.dirname, '..', '..', 'migrations');
/** Any fixed number: it names our advisory lock among those of one database. */
const ADVISORY_LOCK = 7_346_020_251;
const WAIT_FOR_OTHERS_MS = 120_000;

/** How knex finds and records migrations on that database (knexfile.ts and the commands share it). */
export function migrationSettings(url: string): Knex.Config {
  return {
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: 'eversend-payments-migrate',
      connectionTimeoutMillis: 10_000,
    },
    pool: { min: 0, max: 2 },
    migrations: { directory: DIRECTORY, loadExtensions: ['.ts'], extension: 'ts', tableName: 'schema_migrations' },
  };
}

/** Brings the database up to date; returns the names of the migrations that were applied (none: it already was). */
export function migrate(url: string): Promise<readonly string[]> {
  return alone(url, async (knex) => {
    const [, applied] = (await knex.migrate.latest()) as [number, string[]];
    return applied;
  });
}

/** Takes the last batch back; returns the names of the migrations that were undone. */
export function rollBack(url: string): Promise<readonly string[]> {
  return alone(url, async (knex) => {
    const [, undone] = (await knex.migrate.rollback()) as [number, string[]];
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

async function alone<T>(url: string, work: (knex: Knex) => Promise<T>): Promise<T> {
  const holder = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  holder.on('error', () => {});
  await holder.connect();
  const knex = knexModule(migrationSettings(url));
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
