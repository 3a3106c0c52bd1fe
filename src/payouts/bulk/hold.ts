// A bulk's own hold: the money of all its rows set aside in one commit, and given over row by row as they become payouts.
import { run, type Trx } from '../../db/knex.ts';
import { type FieldError, InvalidRequest, InvariantBroken, Refused } from '../../errors.ts';
import { entry, type NewEntry } from '../../ledger/journal.ts';
import { availableAccount, heldAccount } from '../../ledger/ledger-account.ts';
import { post } from '../../ledger/post.ts';
import { formatAmount } from '../../money.ts';
import type { PreparedPayout } from '../create.ts';

interface Standing {
  readonly owner: string;
  readonly currency: string;
  readonly held: bigint;
  readonly walletId: string | null;
  readonly frozen: boolean;
  readonly balance: bigint | null;
}

const STANDINGS = {
  name: 'wallets_of_a_bulk',
  text: `
    SELECT i.owner, i.currency, i.held, w.id AS "walletId", w.frozen_at IS NOT NULL AS frozen, a.balance
    FROM unnest($2::text[], $3::text[], $4::bigint[]) AS i(owner, currency, held)
      LEFT JOIN wallets w ON w.merchant_id = $1 AND w.owner = i.owner AND w.currency = i.currency
      LEFT JOIN ledger_accounts a ON a.id = w.id || ':available'`,
};

const keyOf = (owner: string, currency: string) => `${currency} ${owner}`;

export interface CommonHold {
  /** Which wallet holds the money of a payout. */
  walletOf(payout: PreparedPayout): string;
  /** To be posted in the same database transaction, which is where the wallets are guarded. */
  readonly entries: readonly NewEntry[];
}

/**
 * How to set aside what all payouts need together, one entry for each wallet. Raises InvalidRequest (422 `insufficient_funds`, naming
 * what is missing in each wallet) and Refused `wallet_frozen`.
 */
export async function planHold(
  trx: Trx,
  of: {
    readonly bulkId: string;
    readonly merchantId: string;
    readonly actor: string;
    readonly payouts: readonly PreparedPayout[];
  },
): Promise<CommonHold> {
  const sums = new Map<string, { owner: string; currency: string; heldMinor: bigint }>();
  for (const { owner, transaction } of of.payouts) {
    const { currency, heldMinor } = transaction;
    const key = keyOf(owner, currency);
    sums.set(key, { owner, currency, heldMinor: (sums.get(key)?.heldMinor ?? 0n) + heldMinor });
  }
  const wanted = [...sums.values()];
  const standings = await run<Standing>(trx, STANDINGS, [
    of.merchantId,
    wanted.map(({ owner }) => owner),
    wanted.map(({ currency }) => currency),
    wanted.map(({ heldMinor }) => heldMinor.toString()),
  ]);
  const missing = standings.filter(({ balance, held }) => (balance ?? 0n) < held).map(shortage);
  if (missing.length > 0) {
    const message = missing.map((each) => each.message).join(' ');
    throw new InvalidRequest(missing, { code: 'insufficient_funds', message: message.slice(0, 1000), status: 422 });
  }
  if (standings.some(({ frozen }) => frozen))
    throw new Refused('wallet_frozen', 'A wallet of this file is frozen; it takes no new payouts.');
  const wallets = new Map(standings.map(({ owner, currency, walletId }) => [keyOf(owner, currency), walletId]));
  const move = ({ walletId, currency, held }: Standing) =>
    entry({
      reference: `${of.bulkId}:hold:${walletId}`,
      kind: 'bulk_hold',
      currency,
      actor: of.actor,
      moves: [{ from: availableAccount(walletId ?? ''), to: heldAccount(walletId ?? ''), amountMinor: held }],
    });
  return {
    walletOf({ owner, transaction }) {
      const walletId = wallets.get(keyOf(owner, transaction.currency));
      if (walletId === undefined || walletId === null) throw new InvariantBroken('a row has no wallet to be held in');
      return walletId;
    },
    entries: standings.map(move),
  };
}

function shortage({ owner, currency, held, balance }: Standing): FieldError {
  const whose = owner === '' ? 'Your' : `${owner}'s`;
  const short = formatAmount(held - (balance ?? 0n));
  const message = `${whose} ${currency} wallet lacks ${short} of the ${formatAmount(held)} that the rows need with their fees.`;
  return { field: 'rows', code: 'insufficient_funds', message };
}

/** Money that a bulk held for rows: what each wallet gets back. */
export interface Held {
  readonly walletId: string | null;
  readonly currency: string;
  readonly heldMinor: bigint;
}

/**
 * Gives back what was held for rows, to be taken again by their payouts in the same database transaction, or not at all. `step` names
 * the rows, and can be booked once.
 */
export async function releaseRows(
  trx: Trx,
  of: { readonly bulkId: string; readonly step: string; readonly actor: string; readonly rows: readonly Held[] },
): Promise<void> {
  const sums = new Map<string, { currency: string; heldMinor: bigint }>();
  for (const { walletId, currency, heldMinor } of of.rows) {
    if (walletId !== null)
      sums.set(walletId, { currency, heldMinor: (sums.get(walletId)?.heldMinor ?? 0n) + heldMinor });
  }
  const entries = [...sums].map(([walletId, { currency, heldMinor }]) =>
    entry({
      reference: `${of.bulkId}:${of.step}:${walletId}`,
      kind: 'bulk_release',
      currency,
      actor: of.actor,
      moves: [{ from: heldAccount(walletId), to: availableAccount(walletId), amountMinor: heldMinor }],
    }),
  );
  await post(trx, entries);
}
