// A small worst day: real processes killed, the queue emptied, a provider that answers badly; and every payment ends once.
import { afterEach, describe, expect, it } from 'vitest';
import { trialBalance } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { parseWireDecimal } from '../../src/money.ts';
import { describeWithRedis } from '../support/redis.ts';
import { startSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

let system: TestSystem;
afterEach(() => system.close());

/** Suffixes of the simulator's own convention: fine, time-out, 5xx, resets, 402, no webhook, late, lies. */
const SUFFIXES = [
  '5678',
  '0003',
  '0004',
  '0005',
  '0009',
  '0011',
  '0012',
  '0002',
  '0007',
  '0008',
  '0015',
  '0016',
  '0021',
  '0023',
  '0026',
  '0040',
  '0000',
];

const payout = (suffix: string) => ({
  amount: '1000',
  currency: 'UGX',
  country: 'UG',
  destinationCurrency: 'UGX',
  method: 'momo' as const,
  recipient: { firstName: 'John', lastName: 'Okello', phone: `+25671234${suffix}` },
});
const collection = (suffix: string) => ({
  amount: '2000',
  currency: 'UGX',
  country: 'UG',
  phone: `+25671234${suffix}`,
});

interface Summary {
  readonly duplicates: string[];
  readonly references: Record<string, { executed: number; status: string }>;
  readonly currencies: Record<string, { balance: string; opening: string }>;
}
const summary = async () => (await (await fetch(`${system.simulator.controlUrl}/book/summary`)).json()) as Summary;

async function sendAll(rounds: number): Promise<string[]> {
  const { client } = system;
  const sent: Promise<{ id: string }>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const suffix of SUFFIXES) {
      const key = `${round}-${suffix}-key`;
      sent.push(client.createPayout({ body: payout(suffix) }, { idempotencyKey: `payout-${key}` }));
      sent.push(client.createCollection({ body: collection(suffix) }, { idempotencyKey: `collect-${key}` }));
    }
  }
  return (await Promise.all(sent)).map(({ id }) => id);
}

async function everythingEnds(ids: readonly string[]): Promise<void> {
  // A collection whose worker died and whose second prompt was not answered either is a person's: that is an end, with a case.
  const open = async () =>
    system.database.db('transactions').whereIn('state', ['accepted', 'submitting', 'submitted']).select('id', 'state');
  await until(async () => (await open()).length === 0, 'every payment has ended', 60_000).catch(
    async (error: unknown) => {
      throw new Error(`still open: ${JSON.stringify((await open()).slice(0, 5))}\n${system.logs.slice(-20).join('')}`, {
        cause: error,
      });
    },
  );
  const rows = await system.database.db('transactions').select('id', 'state');
  expect(rows.map((row) => row.id).toSorted()).toEqual([...ids].toSorted());

  const book = await summary();
  expect(book.duplicates).toEqual([]);
  const disagree = rows.filter(
    (row) => (row.state === 'settled') !== (book.references[row.id]?.status === 'successful'),
  );
  expect(disagree).toEqual([]);
  expect((await verifyLedger(system.database.db)).problems).toEqual([]);
  // What the ledger says the provider holds is what the provider holds.
  const provider = (await trialBalance(system.database.db)).find(
    (row) => row.currency === 'UGX' && row.account === 'provider',
  );
  const { balance = '0', opening = '0' } = book.currencies['UGX'] ?? {};
  expect(-(provider?.balanceMinor ?? 0n)).toBe((parseWireDecimal(balance) ?? 0n) - (parseWireDecimal(opening) ?? 0n));
}

describeWithRedis('on Redis', () => {
  it('loses nothing and pays nothing twice while workers and web are killed and the queue is emptied', async () => {
    system = await startSystem({
      redis: true,
      webs: 2,
      workers: 2,
      simulator: { settings: { accept_duplicate_references: true } },
    });
    await system.fund('UGX', 100_000_000n);
    const sending = sendAll(3);
    const [first, second] = system.workers;
    const executed = async (least: number) => Object.keys((await summary()).references).length >= least;
    await until(() => executed(5), 'the provider has executed some', 30_000);
    await first?.kill('SIGKILL');
    await first?.restart();
    await system.redis?.flush();
    await until(() => executed(20), 'the provider has executed more', 30_000);
    await system.webs[0]?.kill('SIGKILL');
    await second?.kill('SIGKILL');
    await system.webs[0]?.restart();
    await second?.restart();
    await system.redis?.kill();
    await system.redis?.start();
    await everythingEnds(await sending);
  }, 120_000);
});

describeWithRedis('while Postgres itself goes down', () => {
  it('loses nothing, pays nothing twice, and no process ends for it', async () => {
    system = await startSystem({
      redis: true,
      ownPostgres: true,
      workers: 2,
      simulator: { settings: { accept_duplicate_references: true } },
    });
    await system.fund('UGX', 100_000_000n);
    const pids = [...system.webs, ...system.workers].map((part) => part.pid);
    const sending = sendAll(2);
    const executed = async (least: number) => Object.keys((await summary()).references).length >= least;
    await until(() => executed(5), 'the provider has executed some', 30_000);
    await system.postgres?.restart();
    await until(() => executed(25), 'the provider has executed more', 30_000);
    await system.postgres?.restart();
    await everythingEnds(await sending);
    for (const pid of pids) expect(process.kill(pid, 0)).toBe(true);
  }, 120_000);
});

describe('on the Postgres backend', () => {
  it('loses nothing and pays nothing twice while a worker is killed', async () => {
    system = await startSystem({
      redis: false,
      workers: 2,
      simulator: { settings: { accept_duplicate_references: true } },
    });
    await system.fund('UGX', 100_000_000n);
    const sending = sendAll(2);
    await until(
      async () => Object.keys((await summary()).references).length >= 5,
      'the provider has executed some',
      30_000,
    );
    await system.workers[0]?.kill('SIGKILL');
    await system.workers[0]?.restart();
    await everythingEnds(await sending);
  }, 120_000);
});
