// Everything hostile against every field, parameter and header that the description knows: refused or harmless, never a fault.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SCOPES } from '../../src/merchants/api-key.ts';
import { type Shot, shotsOf } from '../fuzz/shots.ts';
import { createdBy, faultOf, isTransaction } from '../fuzz/verdict.ts';
import { type Api, openApi } from '../support/api.ts';

let api: Api;
let key: string;
beforeAll(async () => {
  api = await openApi();
  key = await api.key({ scopes: SCOPES });
  await api.world.fund('UGX', 10n ** 12n);
});
afterAll(() => api.close());

const AT_ONCE = 64;

/** `npm run fuzz` sends all of them, over real connections. */
const ONE_OF = 7;

test('hostile requests of every kind find no fault, are refused where they must be, and leave no row but those that were accepted', async () => {
  const before = await api.rows();
  const all = shotsOf((await api.get('/openapi.json')).json, { seed: 'npm test', bent: 500 });
  expect(all.length).toBeGreaterThan(20_000);
  const shots = all.filter((_, n) => n % ONE_OF === 0);
  const created = new Set<string>();
  let refused = 0;
  const fire = async (shot: Shot) => {
    const { path, method, headers, body } = shot;
    const answered = await api.call(method, path, { key, idempotencyKey: false, headers: { ...headers }, body });
    const fault = faultOf(shot, answered);
    if (fault !== null)
      expect.fail(`${fault}; ${JSON.stringify(api.lines.find((line) => line['event'] === 'request_failed'))}`);
    if (answered.status >= 400) refused += 1;
    const id = createdBy(answered);
    if (id !== null) created.add(id);
  };
  for (let from = 0; from < shots.length; from += AT_ONCE)
    await Promise.all(shots.slice(from, from + AT_ONCE).map(fire));
  expect(refused / shots.length).toBeGreaterThan(0.85);
  const after = await api.rows();
  const grown = (table: string) => (after[table] ?? 0) - (before[table] ?? 0);
  expect(grown('transactions')).toBe([...created].filter(isTransaction).length);
  expect(grown('idempotency_keys')).toBe(created.size);
  expect(after['webhook_events']).toBe(before['webhook_events']);
  expect(({} as { isAdmin?: true }).isAdmin).toBeUndefined();
  expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(12);
}, 600_000);

test('every value of the corpus that a field must refuse is refused by that field, by name of the field', async () => {
  const shots = shotsOf((await api.get('/openapi.json')).json, { seed: 'fields', bent: 0 }).filter(
    ({ kind, mustRefuse, path }) => kind === 'body field' && mustRefuse && path === '/v1/payouts',
  );
  expect(shots.length).toBeGreaterThan(300);
  for (const { path, headers, body, what } of shots.slice(0, 400)) {
    const { json } = await api.call('POST', path, { idempotencyKey: false, headers: { ...headers }, body });
    expect(json.errors?.[0]?.field, what).toEqual(expect.stringMatching(/^[A-Za-z.[\]"']+/));
  }
});
