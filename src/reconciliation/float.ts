// The provider's wallets beside the book: how much each holds, how much the ledger says it should, and whether the two can be compared now.
import type { Context } from '../context.ts';
import { type Db, runAlone } from '../db/knex.ts';
import { trialBalance } from '../ledger/balances.ts';
import { isCurrency } from '../money.ts';

/** One currency's two books. Amounts are hundredths. */
export interface FloatRow {
  readonly currency: string;
  /** What the provider says its wallet holds. */
  readonly walletMinor: bigint;
  /** What our ledger says it should hold: the account `provider`, negated. */
  readonly bookMinor: bigint;
  readonly differenceMinor: bigint;
  /** Transactions that the provider has, or may have, and that are not booked yet: while there are any, a difference proves nothing. */
  readonly onTheirWay: number;
  /** Whether our side stood still while the provider was asked. */
  readonly comparable: boolean;
}

const ON_THEIR_WAY = {
  name: 'float_on_their_way',
  text: `
    SELECT currency, count(*)::int AS count FROM transactions
    WHERE state IN ('submitting', 'submitted', 'in_review') GROUP BY currency`,
};

interface Book {
  readonly balances: ReadonlyMap<string, bigint>;
  readonly onTheirWay: ReadonlyMap<string, number>;
}

async function readBook(db: Db): Promise<Book> {
  const rows = await trialBalance(db);
  const counts = await runAlone<{ currency: string; count: number }>(db, ON_THEIR_WAY, []);
  return {
    balances: new Map(
      rows.filter((row) => row.account === 'provider').map((row) => [row.currency, 0n - row.balanceMinor]),
    ),
    onTheirWay: new Map(counts.map((row) => [row.currency, row.count])),
  };
}

/**
 * Every currency in which the provider has a wallet for us, or our book expects one. Raises what the provider's `wallets` raises.
 * The two sides cannot be read in one snapshot, so ours is read before and after: `comparable` only when nothing moved and nothing
 * was on its way.
 */
export async function floatRows(ctx: Pick<Context, 'db' | 'provider'>): Promise<FloatRow[]> {
  const before = await readBook(ctx.db);
  const wallets = await ctx.provider.wallets();
  const after = await readBook(ctx.db);
  const held = new Map(
    wallets.filter((wallet) => isCurrency(wallet.currency)).map((wallet) => [wallet.currency, wallet.balanceMinor]),
  );
  const currencies = new Set([
    ...held.keys(),
    ...[...after.balances].flatMap(([name, sum]) => (sum === 0n ? [] : name)),
  ]);
  return [...currencies].toSorted().map((currency) => {
    const walletMinor = held.get(currency) ?? 0n;
    const bookMinor = after.balances.get(currency) ?? 0n;
    const onTheirWay = Math.max(before.onTheirWay.get(currency) ?? 0, after.onTheirWay.get(currency) ?? 0);
    return {
      currency,
      walletMinor,
      bookMinor,
      differenceMinor: walletMinor - bookMinor,
      onTheirWay,
      comparable: onTheirWay === 0 && before.balances.get(currency) === after.balances.get(currency),
    };
  });
}
