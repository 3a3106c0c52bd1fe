// Migrations as they are run: by several processes at once, after a killed run, and back again.
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { migrate, migrationStatus, rollBack } from '../../src/db/migrations.ts';
import { createDatabase, createEmptyDatabase } from '../support/database.ts';

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

test('a test database is migrated, and opened under a role that may not change the journal', async () => {
  const database = await createDatabase();
  opened.push(database);
  expect((await migrationStatus(database.url)).pending).toEqual([]);
  const { rows } = await database.db.raw('SELECT current_user AS name');
  expect(rows[0].name).toBe('eversend_app');
});
