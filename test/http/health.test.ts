// Probes: alive, ready, degraded, and not ready while migrations are missing or the process stops.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { type Api, openApi } from '../support/api.ts';
import { createServerDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

let api: Api;
beforeEach(async () => {
  api = await openApi();
});
afterEach(() => api.close());

const ready = () => api.get('/readyz', { key: null });

test('it is ready when everything answers, and says nothing else about itself', async () => {
  const answered = await ready();
  expect(answered.status).toBe(200);
  expect(answered.json).toEqual({
    status: 'ready',
    checks: { database: 'up', migrations: 'up', cache: 'up', queues: 'up', provider: 'up' },
  });
  expect((await api.get('/livez', { key: null })).json).toEqual({ status: 'live' });
});

test('it stays ready, degraded, without its cache, its queues or a well-configured provider', async () => {
  api.world.cache.ping = async () => false;
  expect([(await ready()).status, (await ready()).json.status]).toEqual([200, 'degraded']);
  api.world.cache.ping = async () => true;
  // A store that never answers is down as well, and does not hold the probe up.
  api.world.queues.ping = () => new Promise(() => {});
  const slow = await ready();
  expect([slow.status, slow.json.checks.queues]).toEqual([200, 'down']);
  api.world.queues.ping = () => Promise.reject(new Error('away'));
  api.world.provider.configurationProblem = () => 'wrong origin';
  expect((await ready()).json).toMatchObject({ status: 'degraded', checks: { queues: 'down', provider: 'down' } });
});

test('it is not ready before its migrations are applied', async () => {
  await api.world.db.destroy();
  const { openDatabase } = await import('../../src/db/knex.ts');
  const owner = openDatabase({ url: api.world.config.DATABASE_URL, poolSize: 2, role: null, onError: () => {} });
  await owner('schema_migrations').where('name', 'like', '%audit_log%').delete();
  const app = createApp({ ...api.world, db: owner });
  const answered = await app.request('/readyz');
  expect([answered.status, await answered.json()]).toMatchObject([
    503,
    { status: 'not_ready', checks: { migrations: 'down' } },
  ]);
  await owner.destroy();
});

test('it is not ready while its database is away, alive throughout, and ready again by itself', async () => {
  const server = await createServerDatabase();
  const app = createApp({ ...api.world, db: server.db });
  const ask = async (path: string) => (await app.request(path)).status;
  expect(await ask('/readyz')).toBe(200);
  let isBack = false;
  const restarted = server.restart().then(() => {
    isBack = true;
  });
  const seen = new Set<number>();
  while (!isBack) {
    seen.add(await ask('/readyz'));
    expect(await ask('/livez')).toBe(200);
  }
  await restarted;
  expect(seen).toContain(503);
  await until(async () => (await ask('/readyz')) === 200, 'it is ready again', 5000);
  await server.close();
});

test('it is not ready once it stops', async () => {
  let stopping = false;
  const app = createApp(api.world, { isStopping: () => stopping });
  expect((await app.request('/readyz')).status).toBe(200);
  stopping = true;
  const answered = await app.request('/readyz');
  expect([answered.status, await answered.json()]).toMatchObject([503, { status: 'stopping' }]);
  expect((await app.request('/livez')).status).toBe(200);
});
