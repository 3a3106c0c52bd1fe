// Ten thousand payouts in one file, in real processes: answered within seconds while others are served, and paid once through kill -9.
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { payoutRows } from '../support/bulk.ts';
import { startSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

let system: TestSystem;
afterEach(() => system.close());

const key = () => randomBytes(12).toString('hex');
interface View {
  readonly id: string;
  readonly status: string;
  readonly accepted: number;
  readonly refused: number;
  readonly states: Record<string, number>;
}
const view = async (id: string) => (await system.call('GET', `/v1/payouts/bulk/${id}`)).body as View;
const made = async () => Number((await system.database.db('transactions').count('* as n'))[0]?.['n']);

/** How long reading a wallet takes, again and again, until `stop` is called: what others notice. */
function pulse() {
  const tookMs: number[] = [];
  let stopped = false;
  const beating = (async () => {
    while (!stopped) {
      const at = performance.now();
      expect((await system.call('GET', '/v1/wallets')).status).toBe(200);
      tookMs.push(performance.now() - at);
      await wait(5);
    }
  })();
  return async () => {
    stopped = true;
    await beating;
    tookMs.sort((a, b) => a - b);
    const at = (share: number) => (tookMs[Math.floor(share * (tookMs.length - 1))] ?? 0).toFixed(1);
    return `p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)} ms of ${tookMs.length}`;
  };
}

it('takes a file of 10,000 with 300 wrong rows, and makes 9,700 payouts of it', async () => {
  system = await startSystem({ redis: true, workers: 1 });
  await system.fund('UGX', 10n ** 12n);
  const payouts = payoutRows(10_000, (row) => (row % 33 === 0 && row <= 9900 ? { amount: '0' } : {}));
  const quiet = pulse();
  await wait(1500);
  const before = await quiet();
  const during = pulse();
  const began = performance.now();
  const answered = await system.call('POST', '/v1/payouts/bulk', { body: { payouts }, key: key() });
  const answeredMs = performance.now() - began;
  const seen = await during();
  expect([answered.status, answered.body]).toMatchObject([
    202,
    { accepted: 9700, refused: 300, states: { waiting: 9700 } },
  ]);
  const { id } = answered.body as View;
  await until(async () => (await view(id)).status !== 'accepting', 'every row is a payout', 120_000);
  const madeMs = performance.now() - began;
  expect(await made()).toBe(9700);
  expect(await view(id)).toMatchObject({ accepted: 9700, refused: 300 });
  process.stdout.write(
    `10,000 rows: answered in ${Math.round(answeredMs)} ms, all payouts made after ${Math.round(madeMs)} ms; others before: ${before}; meanwhile: ${seen}\n`,
  );
}, 240_000);

it('pays every row once, though its workers are killed again and again while it is accepted', async () => {
  // Many are killed with it, and a busy machine takes its time: nobody is to lose patience meanwhile.
  system = await startSystem({ redis: true, workers: 2, env: { LEASE_MS: '300', PAYOUT_PATIENCE_MS: '600000' } });
  await system.fund('UGX', 10n ** 12n);
  const body = { payouts: payoutRows(300), hold: 'total' };
  const { body: sent } = await system.call('POST', '/v1/payouts/bulk', { body, key: key() });
  const { id } = sent as View;
  for (const rows of [1, 100, 200]) {
    await until(async () => (await made()) >= rows, `${rows} payouts are made`, 30_000);
    await Promise.all(system.workers.map((worker) => worker.kill('SIGKILL')));
    expect((await verifyLedger(system.database.db)).problems).toEqual([]);
    await Promise.all(system.workers.map((worker) => worker.restart()));
  }
  const state = async () => (await system.database.db('bulks').first())?.state;
  await until(async () => (await state()) === 'done', 'the bulk is done', 240_000);
  expect(await view(id)).toMatchObject({ accepted: 300, states: { settled: 300 } });
  expect(await made()).toBe(300);
  const book = await (await fetch(`${system.simulator.controlUrl}/book/summary`)).json();
  const { duplicates, references } = book as { duplicates: string[]; references: object };
  expect([duplicates, Object.keys(references).length]).toEqual([[], 300]);
  expect((await verifyLedger(system.database.db)).problems).toEqual([]);
}, 300_000);
