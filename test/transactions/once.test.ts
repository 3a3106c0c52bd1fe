// What is not a transaction is created once too: twins, repetitions, refusals and lost connections leave one row and one answer.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase, type Trx } from '../../src/db/knex.ts';
import { Refused } from '../../src/errors.ts';
import type { IdempotentRequest } from '../../src/transactions/accept.ts';
import { once } from '../../src/transactions/once.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

let made = 0;
/** Writes a row by which creations are counted, and answers with a text that JSON would write differently a second time. */
const create = async (trx: Trx) => {
  made += 1;
  await trx('audit_log').insert({ actor: 'test', action: 'test.create', detail: '{}' });
  return { id: `thing-${made}`, status: 201, body: `{"n": ${made},  "name":"Ünï"}` };
};
const ask = (request: IdempotentRequest, of = create) => once(world, world.caller, request, of);
const count = async () => Number((await world.db('audit_log').count({ n: '*' }))[0]?.['n']);

test('a repetition gets the first answer, byte for byte, and creates nothing', async () => {
  const request = world.request();
  const first = await ask(request);
  expect(first).toMatchObject({ status: 201, replayed: false });
  expect(await ask(request)).toEqual({ ...first, replayed: true });
  expect(await count()).toBe(1);
  const { rows } = await world.db.raw('SELECT k::text AS text FROM idempotency_keys k');
  expect(rows[0].text).not.toContain('Ünï');
});

test('of twins at the same moment one creates, and the others are told to come back or get its answer', async () => {
  for (let round = 0; round < 10; round += 1) {
    const request = world.request();
    const ends = await Promise.allSettled(Array.from({ length: 4 }, () => ask(request)));
    const bodies = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value.body] : []));
    expect(new Set(bodies).size).toBe(1);
    for (const end of ends)
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'request_in_progress', status: 409 });
  }
  expect(await count()).toBe(10);
});

test('a twin does not wait for the one that is being created', async () => {
  const request = world.request();
  const started = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const first = ask(request, async (trx) => {
    started.resolve();
    await goOn.promise;
    return create(trx);
  });
  await started.promise;
  await expect(ask(request)).rejects.toMatchObject({ code: 'request_in_progress' });
  goOn.resolve();
  expect((await first).replayed).toBe(false);
  expect((await ask(request)).replayed).toBe(true);
  expect(await count()).toBe(1);
});

test('another body under the key is refused, and another merchant or route has keys of its own', async () => {
  const key = 'the-same-key-everywhere';
  await ask(world.request({ key }));
  await expect(ask(world.request({ key, about: 'else' }))).rejects.toMatchObject({
    code: 'idempotency_key_reused',
    status: 422,
  });
  expect((await ask(world.request({ key, route: 'POST /v1/elsewhere' }))).replayed).toBe(false);
  expect(await count()).toBe(2);
});

test('what is refused is not remembered, and leaves nothing behind', async () => {
  const request = world.request();
  const refused = ask(request, async (trx) => {
    await create(trx);
    throw new Refused('not_now', 'Not now.');
  });
  await expect(refused).rejects.toMatchObject({ code: 'not_now' });
  expect(await count()).toBe(0);
  expect(await ask(request)).toMatchObject({ status: 201, replayed: false });
  expect(await count()).toBe(1);
});

test('a connection that is lost on the way says so, and the same key finds out what became of it', async () => {
  const request = world.request();
  const owner = openDatabase({ url: world.config.DATABASE_URL, poolSize: 1, onError: () => {}, role: null });
  const lost = ask(request, async (trx) => {
    const created = await create(trx);
    const { rows } = await trx.raw('SELECT pg_backend_pid() AS pid');
    await owner.raw('SELECT pg_terminate_backend(?)', [rows[0].pid]);
    await until(
      async () => (await owner.raw('SELECT 1 FROM pg_stat_activity WHERE pid = ?', [rows[0].pid])).rows.length === 0,
      'the connection is gone',
    );
    return created;
  });
  await expect(lost).rejects.toMatchObject({ code: 'unavailable', status: 503 });
  await owner.destroy();
  expect(await count()).toBe(0);
  expect(await ask(request)).toMatchObject({ status: 201, replayed: false });
  expect(await count()).toBe(1);
});
