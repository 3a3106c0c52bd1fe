// Postgres is restored from a backup while the provider went on: with the switch nothing is sent twice, and every difference has a case.
import { afterEach, expect, it } from 'vitest';
import { trialBalance } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { parseWireDecimal } from '../../src/money.ts';
import { type Cli, cliOn } from '../support/cli.ts';
import { backUp } from '../support/database.ts';
import { startSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

let system: TestSystem;
afterEach(() => system.close());

const RECIPIENT = { firstName: 'John', lastName: 'Okello', phone: '+256712345678' };
const PAYOUT = {
  amount: '1000',
  currency: 'UGX',
  country: 'UG',
  destinationCurrency: 'UGX',
  method: 'momo' as const,
  recipient: RECIPIENT,
};
const BY_DESTINATION = { ...PAYOUT, amountType: 'destination' as const, maxAmount: '1500' };
const COLLECTION = { amount: '2000', currency: 'UGX', country: 'UG', phone: '+256712345678' };

interface Summary {
  readonly duplicates: string[];
  readonly references: Record<string, { executed: number; status: string }>;
  readonly currencies: Record<string, { balance: string; opening: string }>;
}
const summary = async () => (await (await fetch(`${system.simulator.controlUrl}/book/summary`)).json()) as Summary;
const executed = async () => Object.keys((await summary()).references).toSorted();

async function askForThree(): Promise<string[]> {
  const { client } = system;
  const asked = await Promise.all([
    client.createPayout({ body: PAYOUT }),
    client.createPayout({ body: BY_DESTINATION }),
    client.createCollection({ body: COLLECTION }),
  ]);
  return asked.map(({ id }) => id);
}

const table = () => system.database.db('transactions');
const states = async (ids: readonly string[]): Promise<string[]> =>
  (await table().whereIn('id', ids)).map((row) => row.state);
const allSettled = (ids: readonly string[], what: string) =>
  until(
    async () => {
      const now = await states(ids);
      return now.length === ids.length && now.every((state) => state === 'settled');
    },
    what,
    30_000,
  );
const stopAll = () => Promise.all([...system.webs, ...system.workers].map((part) => part.kill('SIGKILL')));
const startAll = (more: Record<string, string> = {}) =>
  Promise.all([...system.webs, ...system.workers].map((part) => part.restart(more)));

async function bookAgrees(): Promise<void> {
  expect((await verifyLedger(system.database.db)).problems).toEqual([]);
  const provider = (await trialBalance(system.database.db)).find(
    (row) => row.currency === 'UGX' && row.account === 'provider',
  );
  const { balance = '0', opening = '0' } = (await summary()).currencies['UGX'] ?? {};
  expect(-(provider?.balanceMinor ?? 0n)).toBe((parseWireDecimal(balance) ?? 0n) - (parseWireDecimal(opening) ?? 0n));
}

it('adopts what was sent, names what was lost, and sends nothing until then', async () => {
  // The worst provider: it executes a repeated reference, and tells nobody.
  system = await startSystem({
    redis: false,
    simulator: {
      settings: { accept_duplicate_references: true },
      orders: { webhook: { drop: 1 } },
    },
  });
  const cli: Cli = cliOn(system.database.url);
  const run = (...args: string[]) => cli(['recovery', ...args, '--json'], { env: { ...system.env } });
  await system.fund('UGX', 10_000_000n);
  const before = await askForThree();
  await allSettled(before, 'what came before the backup is settled');

  // Accepted, and not sent yet: this is what the backup knows of them.
  await Promise.all(system.workers.map((part) => part.kill('SIGKILL')));
  const behind = await askForThree();
  const backup = await backUp(system.database);
  await Promise.all(system.workers.map((part) => part.restart()));
  await allSettled(behind, 'they were sent after the backup');
  const lost = await askForThree();
  await allSettled(lost, 'more came and was settled');
  const sent = await executed();
  expect(sent).toHaveLength(9);

  await stopAll();
  await backup.restore();
  await startAll({ RECOVERY: 'true' });
  expect((await states(behind)).every((state) => state === 'accepted')).toBe(true);
  expect(await states(lost)).toEqual([]);
  // The API goes on accepting; workers are at work, and put everything off.
  const during = await askForThree();
  await until(
    async () => (await table().where({ state: 'accepted' }).andWhere('tries', '>', 1)).length === 6,
    'workers have put every unsent row off, more than once',
    20_000,
  );
  expect(await executed()).toEqual(sent);
  expect((await run('finish', '--reason', 'in a hurry')).json()).toMatchObject({ error: { code: 'not_reconciled' } });
  const [waiting = ''] = during;
  expect(await system.call('POST', `/v1/payouts/${waiting}/cancel`)).toMatchObject({ status: 503 });

  const found = await run('run');
  expect(found.json()).toMatchObject({ complete: true, listed: 9, adopted: 3, strangers: 3, unsure: 0, unread: 0 });
  await allSettled(behind, 'what was behind is settled, by looking it up');
  expect(await states(during)).toEqual(['accepted', 'accepted', 'accepted']);
  const cases = await system.database.db('cases').whereNull('resolved_at');
  expect(cases.map((one) => [one.kind, one.evidence.reference]).toSorted()).toEqual(
    lost.map((id) => ['unknown_operation', id]).toSorted(),
  );
  await bookAgrees();
  // Asking again books nothing again.
  expect((await run('run')).json()).toMatchObject({ complete: true, adopted: 0, strangers: 0 });
  await bookAgrees();
  expect(await executed()).toEqual(sent);

  expect((await run('finish', '--reason', 'compared')).json()).toEqual({ sending: 'enabled' });
  await allSettled(during, 'what was accepted meanwhile is sent and settled');
  const book = await summary();
  expect(book.duplicates).toEqual([]);
  expect(Object.values(book.references).map((one) => one.executed)).toEqual(Array(12).fill(1));
  await bookAgrees();
}, 120_000);
