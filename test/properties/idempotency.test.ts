// Idempotency keys against a model: whatever is repeated, at once or later, one meaning under one key is one payment.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { fundWallet } from '../../src/ledger/fund.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { openWallet } from '../../src/merchants/wallet.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { PROPERTY_TIMEOUT_MS, slowCases } from '../support/properties.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const asked = fc.record({
  merchant: fc.nat(1),
  route: fc.constantFrom('POST /v1/payouts', 'POST /v1/elsewhere'),
  key: fc.nat(2),
  about: fc.nat(2),
});
/** Requests that arrive together, and then the next ones. */
const traffic = fc.array(fc.array(asked, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 6 });

describe('any traffic', () => {
  it('accepts each key once, answers it the same for ever, and refuses it for another meaning', {
    timeout: PROPERTY_TIMEOUT_MS,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(traffic, async (waves) => {
        const run = newId('journalEntry');
        const merchants = [await newMerchant(), await newMerchant()];
        const known = new Map<string, { about: number; body: string }>();
        for (const wave of waves) {
          const endings = await Promise.all(
            wave.map(async ({ merchant, route, key, about }) => {
              const caller = { ...world.caller, merchantId: merchants[merchant] ?? '' };
              const request = world.request({ route, key: `${run}-${key}`, about: `${run} ${about}` });
              return createPayout(world, caller, request, NEW_PAYOUT).then(
                (answer) => ({ code: 'answered', ...answer }),
                (error: { code: string }) => ({ code: error.code, body: '', replayed: false }),
              );
            }),
          );
          const names = wave.map(({ merchant, route, key }) => `${merchant} ${route} ${key}`);
          for (const name of new Set(names)) {
            const mine = wave.flatMap((one, n) => {
              const ending = endings[n];
              return names[n] === name && ending !== undefined ? [{ about: one.about, ending }] : [];
            });
            const fresh = mine.filter(({ ending }) => ending.code === 'answered' && !ending.replayed);
            const before = known.get(name);
            expect(fresh.length).toBe(before === undefined ? 1 : 0);
            const first = before ?? { about: fresh[0]?.about ?? -1, body: fresh[0]?.ending.body ?? '' };
            known.set(name, first);
            for (const { about, ending } of mine) {
              if (ending.code === 'answered') expect([about, ending.body]).toEqual([first.about, first.body]);
              else if (ending.code === 'idempotency_key_reused') expect(about).not.toBe(first.about);
              // Only beside another of its key: whoever comes alone is answered.
              else expect([ending.code, mine.length > 1]).toEqual(['request_in_progress', true]);
            }
          }
        }
        const [{ n } = { n: -1 }] = await world.db('transactions').whereIn('merchant_id', merchants).count({ n: '*' });
        expect(Number(n)).toBe(known.size);
        expect(new Set([...known.values()].map(({ body }) => JSON.parse(body).id)).size).toBe(known.size);
      }),
      slowCases(15),
    );
    expect((await verifyLedger(world.db)).problems).toEqual([]);
  });
});

/** A merchant whose wallet covers whatever it asks for. */
async function newMerchant(): Promise<string> {
  const merchantId = newId('merchant');
  await world.db('merchants').insert({ id: merchantId, name: 'Test merchant' });
  await inTransaction(world.db, async (trx) => {
    const walletId = await openWallet(trx, { merchantId, owner: '', currency: 'UGX' });
    await fundWallet(trx, { walletId, currency: 'UGX', amountMinor: 10n ** 9n, reason: 'test', actor: 'test' });
  });
  return merchantId;
}
