// Takes the provider's balances as the truth: every difference to the book is recorded as capital, with its reason.
import { type Actor, audit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { inTransaction } from '../db/knex.ts';
import { trialBalance } from '../ledger/balances.ts';
import { recordFloat } from '../ledger/fund.ts';
import { formatAmount } from '../money.ts';
import { type FloatRow, floatRows } from './float.ts';

/** Any fixed number: two who adopt at once would both record the same difference. */
const ADVISORY_LOCK = 7_346_020_252;

/**
 * Records the difference of every currency in which the two books can be compared now; where something is on its way the difference
 * may be that, and is left alone. Raises what the provider's `wallets` raises.
 */
export async function adoptFloat(
  ctx: Pick<Context, 'db' | 'provider'>,
  of: Actor & { readonly reason: string; readonly only?: (row: FloatRow) => boolean },
): Promise<readonly (FloatRow & { readonly adopted: boolean })[]> {
  const { actor, clientAddress, reason, only = () => true } = of;
  const rows = await floatRows(ctx);
  const adopted = [];
  for (const row of rows) {
    const isWanted = row.comparable && row.differenceMinor !== 0n && only(row);
    adopted.push({ ...row, adopted: isWanted && (await adopt(ctx, row, { actor, clientAddress, reason })) });
  }
  return adopted;
}

/** False when the book has moved since it was compared. */
function adopt(ctx: Pick<Context, 'db'>, row: FloatRow, of: Actor & { readonly reason: string }): Promise<boolean> {
  const { currency, differenceMinor: amountMinor } = row;
  return inTransaction(ctx.db, async (trx) => {
    await trx.raw('SELECT pg_advisory_xact_lock(?)', [ADVISORY_LOCK]);
    const now = (await trialBalance(trx)).find((one) => one.currency === currency && one.account === 'provider');
    if (0n - (now?.balanceMinor ?? 0n) !== row.bookMinor) return false;
    const entryId = await recordFloat(trx, { currency, amountMinor, reason: of.reason, actor: of.actor });
    const detail = { currency, amount: formatAmount(amountMinor) };
    await audit(trx, { ...of, action: 'float.adopt', subject: entryId, detail });
    return true;
  });
}
