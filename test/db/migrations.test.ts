// Migrations as they are run: by several processes at once, after a killed run, and back again.
import knexModule from 'knex';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { migrate, migrationSettings, migrationStatus, rollBack } from '../../src/db/migrations.ts';
import { createDatabase, createEmptyDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

async function emptyDatabase() {
  const database = await createEmptyDatabase();
  opened.push(database);
  return database;
}

test('two releases that migrate at once apply every migration exactly once', async () => {
  const { url } = await emptyDatabase();
  const { pending } = await migrationStatus(url);
  const rounds = await Promise.all([migrate(url), migrate(url)]);
  expect(rounds.flat().toSorted()).toEqual([...pending].toSorted());
  expect((await migrationStatus(url)).pending).toEqual([]);
});

test('a migration that was killed half-way does not block the next one', async () => {
  const { url } = await emptyDatabase();
  await migrate(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('UPDATE schema_migrations_lock SET is_locked = 1');
  await client.end();
  expect(await migrate(url)).toEqual([]);
});

test('everything that was applied can be taken back and applied again', async () => {
  const { url } = await emptyDatabase();
  const applied = await migrate(url);
  expect((await rollBack(url)).length).toBe(applied.length);
  expect(await migrate(url)).toEqual(applied);
});

test('a migration that must wait for a table lets the payments behind it through, and is applied once the table is free', async () => {
  const { url } = await emptyDatabase();
  const applied = await migrate(url);
  const knex = knexModule(migrationSettings(url));
  // Back to before the one that puts a trigger on attempts, for which nobody may be writing there.
  const pending = applied.slice(applied.findIndex((name) => name.includes('recoveries')));
  for (const _ of pending) await knex.migrate.down();
  await knex.destroy();
  const [long, payment] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })];
  await Promise.all([long.connect(), payment.connect()]);
  await long.query('BEGIN; LOCK TABLE attempts IN ROW EXCLUSIVE MODE');
  const migrating = migrate(url);
  const waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'attempts'::regclass";
  await until(async () => (await long.query(waiting)).rowCount === 1, 'the migration waits for the table');
  // As long as a payment's own statement may wait for a lock (src/db/knex.ts).
  await payment.query("SET lock_timeout = '10s'");
  await payment.query('BEGIN; LOCK TABLE attempts IN ROW EXCLUSIVE MODE; COMMIT');
  await long.query('COMMIT');
  expect(await migrating).toEqual(pending);
  await Promise.all([long.end(), payment.end()]);
});

test('a test database is migrated, and opened under a role that may not change the journal', async () => {
  const database = await createDatabase();
  opened.push(database);
  expect((await migrationStatus(database.url)).pending).toEqual([]);
  const { rows } = await database.db.raw('SELECT current_user AS name');
  expect(rows[0].name).toBe('eversend_app');
});
