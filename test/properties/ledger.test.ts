// Histories of the ledger against a model in plain JavaScript: the same postings in both, and every view of the book agrees.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { rollUp, trialBalance, walletBalances } from '../../src/ledger/balances.ts';
import { entry, type Move } from '../../src/ledger/journal.ts';
import { availableAccount, heldAccount, systemAccount } from '../../src/ledger/ledger-account.ts';
import { post } from '../../src/ledger/post.ts';
import { statement } from '../../src/ledger/statement.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { PROPERTY_TIMEOUT_MS, slowCases } from '../support/properties.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** The book as a plain list: what every account holds, every line of wallet accounts, and the references there are. */
class Model {
  readonly balances = new Map<string, bigint>();
  readonly lines: { account: string; reference: string; amountMinor: bigint; balanceMinor: bigint }[] = [];
  readonly references = new Set<string>();

  of(account: string): bigint {
    return this.balances.get(account) ?? 0n;
  }

  /** All of a batch or nothing. Says why not. */
  post(batch: readonly Planned[]): 'posted' | 'conflict' | 'insufficient_funds' {
    const names = batch.map(({ reference }) => reference);
    const repeated = new Set(names).size < names.length || names.some((name) => this.references.has(name));
    const after = new Map(this.balances);
    const lines: Model['lines'] = [];
    let short = false;
    for (const { reference, moves } of batch) {
      const net = new Map<string, bigint>();
      for (const { from, to, amountMinor } of moves) {
        net.set(from, (net.get(from) ?? 0n) - amountMinor);
        net.set(to, (net.get(to) ?? 0n) + amountMinor);
      }
      for (const [account, amountMinor] of net) {
        if (amountMinor === 0n) continue;
        const balanceMinor = (after.get(account) ?? 0n) + amountMinor;
        after.set(account, balanceMinor);
        if (!account.startsWith('wa')) continue;
        if (balanceMinor < 0n) short = true;
        lines.push({ account, reference, amountMinor, balanceMinor });
      }
    }
    if (repeated || short) return repeated ? 'conflict' : 'insufficient_funds';
    for (const name of names) this.references.add(name);
    for (const [account, balance] of after) this.balances.set(account, balance);
    this.lines.push(...lines);
    return 'posted';
  }
}

interface Planned {
  readonly reference: string;
  readonly currency: 'UGX' | 'KES';
  readonly moves: readonly Move[];
}

const SLOTS = ['a:available', 'a:held', 'b:available', 'b:held', 'capital', 'provider', 'suspense'] as const;
const planned = fc
  .record({
    currency: fc.constantFrom('UGX' as const, 'KES' as const),
    name: fc.nat(40),
    moves: fc.array(
      fc
        .record({ from: fc.constantFrom(...SLOTS), to: fc.constantFrom(...SLOTS), amount: fc.bigInt(1n, 900n) })
        .filter(({ from, to }) => from !== to),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .filter(({ moves }) => {
    const net = new Map<string, bigint>();
    for (const { from, to, amount } of moves) {
      net.set(from, (net.get(from) ?? 0n) - amount);
      net.set(to, (net.get(to) ?? 0n) + amount);
    }
    return [...net.values()].some((amount) => amount !== 0n);
  });
type Plan = typeof planned extends fc.Arbitrary<infer Value> ? Value : never;
const history = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.array(planned, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant('roll up' as const) },
  ),
  { minLength: 5, maxLength: 14 },
);

const SYSTEM = ['capital', 'provider', 'suspense'] as const;

describe('any history of entries', () => {
  it('leaves the balances, statements and sums that the model has', { timeout: PROPERTY_TIMEOUT_MS }, async () => {
    // One book for all cases: what earlier ones posted to system accounts is the model's past as well.
    const model = new Model();
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const run = newId('journalEntry');
        const wallets = new Map<string, string>();
        for (const currency of ['UGX', 'KES'] as const) {
          for (const owner of ['a', 'b']) {
            const id = await world.fund(currency, 1000n, `${owner}${run}`);
            wallets.set(`${owner}${currency}`, id);
            const moves = [{ from: systemAccount('capital', currency), to: availableAccount(id), amountMinor: 1000n }];
            model.post([{ reference: `fund ${id}`, currency, moves }]);
          }
        }
        const account = (slot: string, currency: 'UGX' | 'KES'): string => {
          const [owner = '', part] = slot.split(':');
          const wallet = wallets.get(owner + currency) ?? '';
          if (part === undefined) return systemAccount(owner as (typeof SYSTEM)[number], currency);
          return part === 'held' ? heldAccount(wallet) : availableAccount(wallet);
        };
        const resolve = ({ currency, name, moves }: Plan): Planned => ({
          reference: `${run}:${name}`,
          currency,
          moves: moves.map(({ from, to, amount }) => ({
            from: account(from, currency),
            to: account(to, currency),
            amountMinor: amount,
          })),
        });
        for (const step of steps) {
          if (step === 'roll up') {
            await rollUp(world.db);
            continue;
          }
          const batch = step.map(resolve);
          const entries = batch.map((one) => entry({ ...one, kind: 'test', actor: 'test' }));
          const ending = await inTransaction(world.db, (trx) => post(trx, entries)).then(
            () => 'posted',
            (error: { code: string }) => error.code,
          );
          expect(ending).toBe(model.post(batch));
        }
        for (const id of wallets.values()) {
          expect((await walletBalances(world.db, [id])).get(id)).toEqual({
            availableMinor: model.of(availableAccount(id)),
            heldMinor: model.of(heldAccount(id)),
          });
          const shown = [];
          for (let before: bigint | null = null; ; ) {
            const page = await statement(world.db, { walletId: id, before, limit: 3 });
            shown.push(...page);
            before = page.at(-1)?.position ?? null;
            if (before === null) break;
          }
          for (const part of ['available', 'held'] as const) {
            const line = ({ amountMinor, balanceMinor }: { amountMinor: bigint; balanceMinor: bigint }) => [
              amountMinor,
              balanceMinor,
            ];
            const expected = model.lines.filter((one) => one.account === `${id}:${part}`).map(line);
            expect(shown.filter((one) => one.account === part).map(line)).toEqual(expected.toReversed());
          }
        }
        const rows = await trialBalance(world.db);
        for (const currency of ['UGX', 'KES']) {
          const of = rows.filter((row) => row.currency === currency);
          expect(of.reduce((sum, row) => sum + row.balanceMinor, 0n)).toBe(0n);
          for (const kind of SYSTEM) {
            const shown = of.find((row) => row.account === kind)?.balanceMinor ?? 0n;
            expect(shown).toBe(model.of(systemAccount(kind, currency)));
          }
        }
      }),
      slowCases(15),
    );
    // No transactions stand behind these holds, which is the one thing to say against this book.
    const { problems } = await verifyLedger(world.db);
    expect(problems.filter((problem) => !/^transactions, .* hold other money/.test(problem))).toEqual([]);
  });
});
