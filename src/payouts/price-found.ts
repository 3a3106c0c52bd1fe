// Prices a payout that the provider executed under a quotation we no longer have.
import type { Context } from '../context.ts';
import { quotedFee } from '../pricing/fee.ts';
import { scheduleById } from '../pricing/fee-schedule.ts';
import type { ProviderTransaction } from '../provider/provider.ts';
import type { Step } from '../transactions/step.ts';
import type { TransactionRow } from '../transactions/transaction.ts';

/**
 * What the lost quotation had fixed: the amount as the provider moved it, and our fee for it, never above the ceiling. Empty when
 * everything was pinned at acceptance, and when it does not fit what was set aside: then a person decides.
 */
export async function priceFound(
  ctx: Context,
  transaction: TransactionRow,
  found: ProviderTransaction,
): Promise<NonNullable<Step['set']>> {
  const { currency, heldMinor, feeCeilingMinor } = transaction;
  if (found.currency !== currency || (transaction.amountMinor !== null && transaction.feeMinor !== null)) return {};
  const amountMinor = transaction.amountMinor ?? found.amountMinor;
  const tariff = await scheduleById(ctx, transaction.feeScheduleId);
  const feeMinor = quotedFee(tariff, { amountMinor, chargeMinor: found.feesMinor ?? 0n, currency });
  const chargedMinor = feeCeilingMinor !== null && feeMinor > feeCeilingMinor ? feeCeilingMinor : feeMinor;
  return amountMinor + chargedMinor > heldMinor ? {} : { amountMinor, feeMinor: chargedMinor };
}
