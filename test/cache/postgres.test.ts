// The shared cache on Postgres, where there is no Redis.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cache } from '../../src/cache/cache.ts';
import { openCache } from '../../src/cache/open-cache.ts';
import { openDatabase } from '../../src/db/knex.ts';
import { createLogger } from '../../src/logger.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { sharedCacheHolds } from '../support/shared-cache.ts';

const log = createLogger('silent');

describe('the cache on Postgres', () => {
  let database: TestDatabase;
  let one: Cache;
  let other: Cache;
  let otherDb: ReturnType<typeof openDatabase>;

  beforeAll(async () => {
    database = await createDatabase();
    otherDb = openDatabase({ url: database.url, poolSize: 5, onError: () => {} });
    one = openCache({ db: database.db, log });
    other = openCache({ db: otherDb, log });
  });
  afterAll(async () => {
    await one.close();
    await other.close();
    await otherDb.destroy();
    await database.close();
  });

  sharedCacheHolds(() => [one, other]);
});

test('while the database is away, rates and locks hold for this process and nothing is raised', async () => {
  const db = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', poolSize: 2, onError: () => {} });
  const cache = openCache({ db, log });
  expect(await cache.get('token')).toBeNull();
  // A minute between two permits: what the calls themselves take is less.
  expect(await cache.take('provider', 1 / 60)).toBe(0);
  expect(await cache.take('provider', 1 / 60)).toBeGreaterThan(1000);
  expect(await cache.ping()).toBe(false);
  await cache.close();
  await db.destroy();
});
