// The seed fills a database by the product's own functions: what measurements are made on must be a book that adds up.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { SURROUNDINGS } from '../support/surroundings.ts';
import { COMPRESSED } from '../support/world.ts';

let database: TestDatabase | null = null;
afterEach(async () => {
  await database?.close();
  database = null;
});

async function seed(url: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, ['bench/seed/main.ts', ...args], {
    env: { ...SURROUNDINGS, ...COMPRESSED, DATABASE_URL: url },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

it('makes payments in every state they end in, books them, and touches no database that is in use', async () => {
  database = await createDatabase();
  const { db, url } = database;
  expect(await seed(url, '--transactions', '300')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^300 transactions/),
  });
  const { rows } = await db.raw('SELECT state, count(*)::int AS count FROM transactions GROUP BY state ORDER BY state');
  expect(Object.fromEntries(rows.map((row: { state: string; count: number }) => [row.state, row.count]))).toEqual({
    failed: 18,
    reversed: 3,
    settled: 270,
    submitted: 6,
    submitting: 3,
  });
  expect((await verifyLedger(db)).problems).toEqual([]);
  const again = await seed(url, '--transactions', '1');
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('give an empty one') });
});
