// Rotating the key of personal data: afterwards everything opens and is found without the old one, and nothing was missing meanwhile.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { Context } from '../../src/context.ts';
import { dataKeyProblem } from '../../src/personal-data/data-keys.ts';
import { resealEverything } from '../../src/personal-data/reseal.ts';
import { SEALED_TABLES } from '../../src/personal-data/sealed-columns.ts';
import { signWebhook } from '../../src/provider/eversend/signature.ts';
import { searchTransactions } from '../../src/transactions/search.ts';
import { load } from '../../src/transactions/transaction.ts';
import { createVault } from '../../src/vault.ts';
import { receiveWebhook } from '../../src/webhooks/receive.ts';
import { openBody } from '../../src/webhooks/webhook-event.ts';
import { type Api, COLLECTION, openApi, PAYOUT } from '../support/api.ts';

let api: Api;
const [older, newer] = [randomBytes(32), randomBytes(32)];
const vaults = { before: createVault([older]), during: createVault([newer, older]), after: createVault([newer]) };
beforeAll(async () => {
  api = await openApi({ env: { DATA_ENCRYPTION_KEY: older.toString('base64') } });
  await api.world.fund('UGX', 10n ** 12n);
});
afterAll(() => api.close());

/** The same service as a process with other keys sees it. */
const service = (vault: Context['vault']) => {
  const app = createApp({ ...api.world, vault });
  return (method: string, path: string, body?: unknown, key = 'x') =>
    app.request(path, {
      method,
      headers: {
        authorization: `Bearer ${api.secret}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
};

const PHONE = PAYOUT.recipient.phone;
const search = async (vault: Context['vault'], by: 'account' | 'last_four', text: string) =>
  (await searchTransactions(api.world.db, vault, { by, text }, 100)).map(({ id }) => id).toSorted();

test('a rotation leaves nothing that needs the old key: answers, persons, pins, webhooks, search and cursors go on', async () => {
  const [db, { before, during, after }] = [api.world.db, vaults];
  const key = 'a-key-from-before-the-rotation';
  const first = await (await service(before)('POST', '/v1/payouts', PAYOUT, key)).text();
  const collection = { ...COLLECTION, otp: { pinId: 'VE1', pin: '987654' } };
  const collected = await service(before)('POST', '/v1/collections', collection, 'a-collection-from-before');
  const { id: collectionId } = (await collected.json()) as { id: string };
  const body = Buffer.from([0x7b, 0xff, 0x00, 0x80]);
  const event = { rawBody: body, signature: signWebhook(body, 'webhook-secret', 'sha512'), clientAddress: null };
  expect(await receiveWebhook({ ...api.world, vault: before }, event)).toBe('stored');
  const page = (await (await service(before)('GET', '/v1/transactions?limit=1')).json()) as { nextCursor: string };
  const known = await search(before, 'account', PHONE);
  expect(known).toHaveLength(2);

  // Both keys are configured now: nothing has been sealed anew yet, and new rows come under the new key.
  expect(await search(during, 'account', PHONE)).toEqual(known);
  expect((await service(during)('GET', `/v1/transactions?limit=1&cursor=${page.nextCursor}`)).status).toBe(200);
  const fresh = await service(during)('POST', '/v1/payouts', PAYOUT, 'a-key-from-during-the-rotation');
  const all = [...known, ((await fresh.json()) as { id: string }).id].toSorted();
  expect(await search(during, 'last_four', PHONE.slice(-4))).toEqual(all);

  const done = await resealEverything(db, during);
  expect(done.key).toBe(during.keyIds[0]);
  expect(done.resealed).toMatchObject({ personal_data: 3, idempotency_keys: 2, webhook_events: 1 });
  expect((await resealEverything(db, during)).resealed).toMatchObject({ personal_data: 0, idempotency_keys: 0 });

  // The old key is gone.
  expect(await search(after, 'account', PHONE)).toEqual(all);
  expect(await search(after, 'last_four', PHONE.slice(-4))).toEqual(all);
  const replayed = await service(after)('POST', '/v1/payouts', PAYOUT, key);
  expect([replayed.headers.get('idempotency-replayed'), await replayed.text()]).toEqual(['true', first]);
  const reused = await service(after)('POST', '/v1/payouts', { ...PAYOUT, amount: '1001' }, key);
  expect(((await reused.json()) as { code: string }).code).toBe('idempotency_key_reused');
  const { otpSealed } = await load({ ...api.world, vault: after }, collectionId);
  expect(JSON.parse(after.open(otpSealed as Buffer))).toEqual(collection.otp);
  const [stored] = await db('webhook_events').select('body');
  expect(openBody(after, stored.body)).toEqual(body);
});

test('a rotation that is cut short is simply run again, and no value that changes meanwhile is written over', async () => {
  const [db, { during }] = [api.world.db, vaults];
  const other = createVault([randomBytes(32)]);
  const both = createVault([randomBytes(32), newer]);
  const rows = Array.from({ length: 1200 }, (_, n) => ({
    subject_id: `zz${String(n).padStart(5, '0')}`,
    merchant_id: api.world.merchantId,
    sealed: during.seal(JSON.stringify({ phone: `+2567${String(n).padStart(8, '0')}` })),
  }));
  await db.batchInsert('personal_data', rows, 500);
  let pages = 0;
  const cut = resealEverything(db, both, (table) => {
    pages += 1;
    if (table === 'personal_data' && pages === 2) throw new Error('the power went');
  });
  await expect(cut).rejects.toThrow('the power went');
  // Somebody erases a person between the reading of its page and the writing.
  const erased = rows.at(-1)?.subject_id ?? '';
  const meddling = new Proxy(db, {
    get: (target, name) =>
      name !== 'raw'
        ? Reflect.get(target, name)
        : async (sql: string, values: never[]) => {
            const answered = await target.raw(sql, values);
            const isRead = answered.rows.some((row: { subject_id?: string }) => row.subject_id === erased);
            if (sql.startsWith('SELECT subject_id') && isRead)
              await db('personal_data').where({ subject_id: erased }).update({ sealed: null, erased_at: db.fn.now() });
            return answered;
          },
  });
  const { resealed } = await resealEverything(meddling, both);
  expect(resealed['personal_data']).toBeLessThan(1200);
  expect((await db('personal_data').where({ subject_id: erased }).first()).sealed).toBeNull();
  const { rows: left } = await db.raw(
    `SELECT count(*)::int AS n FROM personal_data WHERE encode(substring(sealed FROM 1 FOR 4), 'hex') <> ?`,
    [both.keyIds[0]],
  );
  expect(left).toEqual([{ n: 0 }]);
  await expect(resealEverything(db, other)).rejects.toThrow(/no configured DATA_ENCRYPTION_KEY/);
  vaults.during = both;
});

test('a start without a key that sealed something is refused by name of the variable, and a retired key is not missed', async () => {
  const [db, { during, before }] = [api.world.db, vaults];
  expect(await dataKeyProblem(db, during)).toBeNull();
  expect(await dataKeyProblem(db, before)).toMatch(
    /^DATA_ENCRYPTION_KEY does not open the personal data.*it lacks the key [0-9a-f]{8}/,
  );
  // Registered by nobody, as after a restore into another house: the newest row tells.
  await db.raw('UPDATE data_keys SET retired_at = now()');
  expect(await dataKeyProblem(db, createVault([randomBytes(32)]))).toMatch(/^DATA_ENCRYPTION_KEY does not open/);
  expect(await dataKeyProblem(db, during)).toBeNull();
  const next = createVault([randomBytes(32), ...[newer]]);
  await expect(resealEverything(db, next)).rejects.toThrow();
});

test('no sealed column of the database is missing from the rotation', async () => {
  const { rows } = await api.world.db.raw<{ rows: { name: string }[] }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND data_type = 'bytea' ORDER BY 1`,
  );
  const hashes = /(_hash|\.digest)$/;
  const listed = SEALED_TABLES.flatMap(({ table, sealed }) => sealed.map((column) => `${table}.${column}`));
  expect(rows.map(({ name }) => name).filter((name) => !hashes.test(name))).toEqual(listed.toSorted());
});
