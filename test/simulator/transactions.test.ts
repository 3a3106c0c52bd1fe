// How the simulated provider lets itself be asked: identifiers, filters, pages, shapes and lag.
import { expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { type Rig, startRig } from './rig.ts';

const references = async (rig: Rig, query: string) => {
  const list = (await rig.get(`/transactions?${query}`)).at('data.transactions') as { transactionRef: string }[];
  return list.map(({ transactionRef }) => transactionRef);
};
const settled = (rig: Rig, reference: string) =>
  until(async () => {
    const status = (await rig.get(`/transactions/${reference}`)).at('data.transactions.0.status');
    return status !== 'pending' && status !== undefined;
  }, `${reference} is final`);

it('lists newest first, in pages of at most 100', async () => {
  const rig = await startRig();
  for (let n = 1; n <= 5; n += 1) await rig.collect(`page${n}`);
  expect(await references(rig, 'limit=2')).toEqual(['page5', 'page4']);
  expect(await references(rig, 'limit=2&page=3')).toEqual(['page1']);
  expect(await references(rig, 'limit=2&page=4')).toEqual([]);
  expect((await rig.get('/transactions?limit=1000')).at('data')).toMatchObject({ limit: 100, page: 1, total: 5 });
  expect((await rig.get('/transactions?limit=nonsense')).at('data')).toMatchObject({ limit: 10 });
});

it('filters by type, currency, status and UTC days', async () => {
  const rig = await startRig();
  await rig.collect('kept1');
  await rig.collect('kept2', { country: 'KE', currency: 'KES', phone: '+254712345678' });
  await rig.payOut('kept3', '+256712340001');
  await settled(rig, 'kept1');
  await settled(rig, 'kept2');
  const today = new Date().toISOString().slice(0, 10);
  expect(await references(rig, 'type=payout')).toEqual(['kept3']);
  expect(await references(rig, 'currency=KES')).toEqual(['kept2']);
  expect(await references(rig, 'status=pending')).toEqual(['kept3']);
  expect(await references(rig, 'type=collection&status=successful&currency=UGX')).toEqual(['kept1']);
  expect(await references(rig, `from=${today}&to=${today}`)).toEqual(['kept3', 'kept2', 'kept1']);
  expect(await references(rig, 'to=2020-01-01')).toEqual([]);
  expect(await references(rig, 'from=2999-01-01')).toEqual([]);
  expect(await references(rig, 'range=day')).toHaveLength(3);
  expect((await rig.get('/transactions?from=01-01-2026')).at('message')).toBe('from must be a valid date (YYYY-MM-dd)');
});

it('searches for a reference or id exactly, and finds longer ones only where there is no exact hit', async () => {
  const rig = await startRig();
  await rig.collect('search1');
  const id = (await rig.collect('search10')).at('data.transactionId');
  expect(await references(rig, 'search=search1')).toEqual(['search1']);
  expect(await references(rig, 'search=earch')).toEqual(['search10', 'search1']);
  expect(await references(rig, `search=${id}`)).toEqual(['search10']);
  expect(await references(rig, 'search=nothing')).toEqual([]);
  await rig.control('/faults', { list: { disableSearch: true } });
  expect(await references(rig, 'search=search1')).toHaveLength(2);
});

it('can be told to know no references, to answer flat, and to give numbers', async () => {
  const rig = await startRig();
  const id = (await rig.collect('shape1')).at('data.transactionId');
  await rig.control('/faults', { lookup: { disableByReference: true, flat: true, numericAmounts: true } });
  expect((await rig.get('/transactions/shape1')).status).toBe(404);
  const flat = await rig.get(`/transactions/${id}`);
  expect(flat.at('data')).toMatchObject({ transactionRef: 'shape1', amount: 2000, fees: 30 });
});

it('shows nothing of a transaction until the lag has passed, although it is recorded', async () => {
  const rig = await startRig();
  await rig.control('/faults', { lookup: { lagMs: 60_000 } });
  await rig.collect('lagging1');
  expect((await rig.get('/transactions/lagging1')).status).toBe(404);
  expect(await references(rig, 'search=lagging1')).toEqual([]);
  expect(await references(rig, '')).toEqual([]);
  expect(await rig.executed('lagging1')).toBe(1);
  await rig.control('/clock', { advanceMs: 60_000 });
  expect((await rig.get('/transactions/lagging1')).status).toBe(200);
  expect(await references(rig, '')).toEqual(['lagging1']);
});
