// What a transaction costs its merchant: fixed at acceptance, or a ceiling then and fixed by the quotation. Pure.
import { Refused } from '../errors.ts';
import { formatAmount, roundedShare } from '../money.ts';
import type { Tariff } from './fee-schedule.ts';

const MILLION = 1_000_000n;

/**
 * The whole fee, in hundredths: the charge passed on, the percentage and the flat part, rounded once. Minimum and maximum bound
 * our part; both are whole units of the currency, but a charge may carry cents, so the bounds are rounded like the fee itself.
 */
function fee(tariff: Tariff, amountMinor: bigint, passedOnMinor: bigint, currency: string): bigint {
  const round = (exact: bigint) => roundedShare(exact, 1n, MILLION, currency);
  const exact = amountMinor * BigInt(tariff.percentPpm) + (tariff.flatMinor + passedOnMinor) * MILLION;
  const least = round((tariff.minimumMinor + passedOnMinor) * MILLION);
  const most = tariff.maximumMinor === null ? null : round((tariff.maximumMinor + passedOnMinor) * MILLION);
  const rounded = round(exact);
  if (rounded < least) return least;
  return most !== null && rounded > most ? most : rounded;
}

/** The fee of an `own` tariff for an amount, in hundredths. */
export function ownFee(tariff: Tariff, amountMinor: bigint, currency: string): bigint {
  return fee(tariff, amountMinor, 0n, currency);
}

/** The fee of a `cost_plus` tariff once the provider's charge is known, in hundredths. */
export function costPlusFee(tariff: Tariff, amountMinor: bigint, chargeMinor: bigint, currency: string): bigint {
  return fee(tariff, amountMinor, chargeMinor, currency);
}

/** The partner's share of a fee. */
export function commissionOf(tariff: Tariff, feeMinor: bigint, currency: string): bigint {
  return roundedShare(feeMinor, BigInt(tariff.commissionPpm), MILLION, currency);
}

/** A fee as far as it is known at acceptance: exact, or at most the ceiling. */
export type PinnedFee =
  | { readonly feeMinor: bigint; readonly ceilingMinor: null }
  | { readonly feeMinor: null; readonly ceilingMinor: bigint };

/** A collection's fee is taken out of its amount, so it must be less. Raises Refused `fee_exceeds_amount`. */
export function collectionFee(tariff: Tariff, amountMinor: bigint, currency: string): bigint {
  const feeMinor = ownFee(tariff, amountMinor, currency);
  if (feeMinor >= amountMinor) {
    throw new Refused(
      'fee_exceeds_amount',
      `The fee of ${formatAmount(feeMinor)} ${currency} would use up the amount. Collect more than that.`,
      'amount',
    );
  }
  return feeMinor;
}

/**
 * A payout's fee as pinned at acceptance. `amountMinor` is exact for `source`, the highest possible for `destination`.
 * Raises Refused `fee_above_maximum` when an exact fee is above the caller's maximum.
 */
export function payoutFee(
  tariff: Tariff,
  of: { amountMinor: bigint; exact: boolean; maxFeeMinor: bigint | null; currency: string },
): PinnedFee {
  if (tariff.basis === 'cost_plus')
    return { feeMinor: null, ceilingMinor: of.maxFeeMinor ?? tariff.ceilingMinor ?? 0n };
  const feeMinor = ownFee(tariff, of.amountMinor, of.currency);
  if (!of.exact) {
    const ceilingMinor = of.maxFeeMinor !== null && of.maxFeeMinor < feeMinor ? of.maxFeeMinor : feeMinor;
    return { feeMinor: null, ceilingMinor };
  }
  if (of.maxFeeMinor !== null && feeMinor > of.maxFeeMinor) {
    throw new Refused(
      'fee_above_maximum',
      `The fee is ${formatAmount(feeMinor)} ${of.currency}, above maxFee.`,
      'maxFee',
    );
  }
  return { feeMinor, ceilingMinor: null };
}

/** The fee once the quotation is known. */
export function quotedFee(tariff: Tariff, of: { amountMinor: bigint; chargeMinor: bigint; currency: string }): bigint {
  return tariff.basis === 'cost_plus'
    ? costPlusFee(tariff, of.amountMinor, of.chargeMinor, of.currency)
    : ownFee(tariff, of.amountMinor, of.currency);
}
