// What is particular to payouts: the quotation before sending, the hold behind it, and the book's entries at each end.
import type { Config } from '../config.ts';
import type { Context } from '../context.ts';
import { entry, type Move, type NewEntry } from '../ledger/journal.ts';
import { availableAccount, heldAccount, systemAccount } from '../ledger/ledger-account.ts';
import { openPerson } from '../merchants/person.ts';
import { formatAmount } from '../money.ts';
import { commissionOf, quotedFee } from '../pricing/fee.ts';
import { scheduleById } from '../pricing/fee-schedule.ts';
import type { Quotation } from '../provider/provider.ts';
import { caseOf, type NewCase } from '../transactions/case.ts';
import { type Booking, type BookingInput, earningsOf, type Flow, type Prepared } from '../transactions/flow.ts';
import type { Loaded, TransactionRow } from '../transactions/transaction.ts';
import { digest } from '../vault.ts';
import { providerCovers } from './float.ts';
import { priceFound } from './price-found.ts';
import { hasGoneBack } from './refund.ts';

export const payoutFlow: Flow = {
  type: 'payout',
  patienceMs: (config: Config) => config.PAYOUT_PATIENCE_MS,
  prepare,
  priceFound,
  release,
  settle: (of) => book(of, heldAccount(of.transaction.walletId), null),
  settleLate: (of) => book(of, availableAccount(of.transaction.walletId), of.availableMinor),
  reverse,
};

/** Asks for a quotation and checks it against everything that was promised at acceptance. Nothing is sent here. */
async function prepare(ctx: Context, { transaction, sealed }: Loaded): Promise<Prepared> {
  const recipient = openPerson(ctx.vault, sealed);
  if (recipient === null)
    return { kind: 'refuse', code: 'recipient_erased', message: 'The recipient was erased before it was sent.' };
  // It may have waited long, for its approval or for the provider.
  if (transaction.refundOf !== null && (await hasGoneBack(ctx.db, transaction.refundOf)))
    return { kind: 'refuse', code: 'collection_reversed', message: 'The collection went back to its payer by itself.' };
  const asked = transaction.amountType === 'source' ? transaction.amountMinor : transaction.destinationAmountMinor;
  const quotation = await ctx.provider.quote({
    sourceCurrency: transaction.currency,
    amountMinor: asked ?? 0n,
    amountType: transaction.amountType,
    method: transaction.method,
    country: transaction.country,
    destinationCurrency: transaction.method === 'eversend' ? null : transaction.destinationCurrency,
    recipient,
  });
  const amountMinor = quotation.sourceAmountMinor;
  const tariff = await scheduleById(ctx, transaction.feeScheduleId);
  const pinned = transaction.feeCeilingMinor === null ? transaction.feeMinor : null;
  const feeMinor =
    pinned ?? quotedFee(tariff, { amountMinor, chargeMinor: quotation.feesMinor, currency: transaction.currency });
  const refused = overLimits(transaction, amountMinor, feeMinor);
  if (refused !== null) return refused;
  if (!(await providerCovers(ctx, transaction.currency, quotation.totalMinor))) {
    return {
      kind: 'wait',
      code: 'provider_float_short',
      message: `The provider wallet does not cover ${formatAmount(quotation.totalMinor)} ${transaction.currency}.`,
      retryAfterMs: null,
    };
  }
  return {
    kind: 'ready',
    open: {
      kind: 'open',
      tokenHash: digest(quotation.token),
      quotationExpiresAt: quotation.expiresAt,
      quotedAmountMinor: amountMinor,
      quotedChargeMinor: quotation.feesMinor,
      fenceAt: fence(ctx.config, quotation),
    },
    set: {
      amountMinor,
      feeMinor,
      destinationAmountMinor: quotation.destinationAmountMinor,
      destinationCurrency: quotation.destinationCurrency,
    },
    send: (permission) =>
      ctx.provider.submitPayout(
        { reference: transaction.id, method: transaction.method, country: transaction.country, recipient, quotation },
        permission,
      ),
  };
}

function overLimits(transaction: TransactionRow, amountMinor: bigint, feeMinor: bigint): Prepared | null {
  const { currency, maxAmountMinor, feeCeilingMinor, heldMinor } = transaction;
  if (maxAmountMinor !== null && amountMinor > maxAmountMinor) {
    return {
      kind: 'refuse',
      code: 'amount_above_maximum',
      message: `It would take ${formatAmount(amountMinor)} ${currency}, above maxAmount ${formatAmount(maxAmountMinor)}.`,
    };
  }
  if (feeCeilingMinor !== null && feeMinor > feeCeilingMinor) {
    return {
      kind: 'refuse',
      code: 'fee_above_maximum',
      message: `The fee would be ${formatAmount(feeMinor)} ${currency}, above the highest accepted ${formatAmount(feeCeilingMinor)}.`,
    };
  }
  if (amountMinor + feeMinor > heldMinor) {
    return { kind: 'refuse', code: 'hold_exceeded', message: 'The quotation asks for more than was set aside.' };
  }
  return null;
}

/** Silence may count only after an expiry that the provider itself stated, plus a margin for its clock; otherwise never. */
function fence(config: Config, quotation: Quotation): Date | null {
  if (config.PAYOUT_RESEND_POLICY === 'never' || !quotation.expiryStated) return null;
  return new Date(quotation.expiresAt.getTime() + config.RESEND_MARGIN_MS);
}

function release(transaction: TransactionRow, kind: 'fail' | 'cancel', actor: string): readonly NewEntry[] {
  return [
    entry({
      // One reference whatever the reason: a hold is released once.
      reference: `${transaction.id}:release`,
      kind: 'release',
      currency: transaction.currency,
      transactionId: transaction.id,
      reason: kind === 'cancel' ? 'cancelled' : 'failed',
      actor,
      moves: [
        {
          from: heldAccount(transaction.walletId),
          to: availableAccount(transaction.walletId),
          amountMinor: transaction.heldMinor,
        },
      ],
    }),
  ];
}

interface Figures {
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
  readonly chargeMinor: bigint;
  readonly commissionMinor: bigint;
}

function figures({ transaction, found, tariff, quotedChargeMinor }: BookingInput): Figures {
  const feeMinor = transaction.feeMinor ?? 0n;
  return {
    amountMinor: transaction.amountMinor ?? found.amountMinor,
    feeMinor,
    chargeMinor: transaction.chargeMinor ?? found.feesMinor ?? quotedChargeMinor ?? 0n,
    commissionMinor: commissionOf(tariff, feeMinor, transaction.currency),
  };
}

/**
 * The money has moved. `source` is the wallet account it is taken from: held, or after a late success available, as far as
 * `coveredMinor` goes; the rest is receivable and a case.
 */
function book(of: BookingInput, source: string, coveredMinor: bigint | null): Booking {
  const { transaction, found } = of;
  const { amountMinor, feeMinor, chargeMinor, commissionMinor } = figures(of);
  const system = (kind: Parameters<typeof systemAccount>[0]) => systemAccount(kind, transaction.currency);
  const least = (a: bigint, b: bigint) => (a < b ? a : b);
  const amountCovered = coveredMinor === null ? amountMinor : least(coveredMinor, amountMinor);
  const feeCovered = coveredMinor === null ? feeMinor : least(coveredMinor - amountCovered, feeMinor);
  const shortMinor = amountMinor - amountCovered + (feeMinor - feeCovered);
  const moves: Move[] = [
    { from: source, to: system('provider'), amountMinor: amountCovered },
    { from: system('receivable'), to: system('provider'), amountMinor: amountMinor - amountCovered },
    { from: source, to: system('fee_income'), amountMinor: feeCovered },
    { from: system('receivable'), to: system('fee_income'), amountMinor: feeMinor - feeCovered },
    { from: system('provider_charges'), to: system('provider'), amountMinor: chargeMinor },
    { from: system('fee_income'), to: system('commissions_payable'), amountMinor: commissionMinor },
  ];
  if (coveredMinor === null) {
    const unneededMinor = transaction.heldMinor - amountMinor - feeMinor;
    moves.push({ from: source, to: availableAccount(transaction.walletId), amountMinor: unneededMinor });
  }
  const cases: NewCase[] = [];
  if (coveredMinor !== null)
    cases.push(caseOf(transaction, 'late_success', amountMinor, { shortMinor: shortMinor.toString() }));
  if (shortMinor > 0n) cases.push(caseOf(transaction, 'shortfall', shortMinor, { why: 'late success' }));
  if (found.feesMinor !== null && of.quotedChargeMinor !== null && found.feesMinor !== of.quotedChargeMinor) {
    cases.push(
      caseOf(transaction, 'charge_mismatch', found.feesMinor - of.quotedChargeMinor, {
        quotedMinor: of.quotedChargeMinor.toString(),
        takenMinor: found.feesMinor.toString(),
      }),
    );
  }
  return {
    set: { amountMinor, feeMinor, chargeMinor, ...destinationOf(found) },
    entries: [
      entry({
        reference: `${transaction.id}:settle`,
        kind: 'settle',
        currency: transaction.currency,
        transactionId: transaction.id,
        actor: 'provider',
        moves,
      }),
    ],
    earnings: earningsOf(transaction, 'settle', feeMinor, commissionMinor),
    cases,
  };
}

function destinationOf(found: BookingInput['found']) {
  return {
    ...(found.destinationAmountMinor !== null && found.destinationAmountMinor > 0n
      ? { destinationAmountMinor: found.destinationAmountMinor }
      : {}),
    ...(found.destinationCurrency === null ? {} : { destinationCurrency: found.destinationCurrency }),
  };
}

/**
 * The provider gave the money back: the wallet gets amount and fee, partners give back their share. Whether our charge came back
 * too cannot be seen in the answer, so the configuration says what to assume.
 */
function reverse(of: BookingInput): Booking {
  const { transaction, found, config } = of;
  const { amountMinor, feeMinor, chargeMinor, commissionMinor } = figures(of);
  const available = availableAccount(transaction.walletId);
  const system = (kind: Parameters<typeof systemAccount>[0]) => systemAccount(kind, transaction.currency);
  const chargeBackMinor = config.PAYOUT_REFUND_RETURNS_CHARGE === 'yes' ? chargeMinor : 0n;
  return {
    set: {},
    entries: [
      entry({
        reference: `${transaction.id}:reverse`,
        kind: 'reverse',
        currency: transaction.currency,
        transactionId: transaction.id,
        actor: 'provider',
        moves: [
          { from: system('provider'), to: available, amountMinor },
          { from: system('fee_income'), to: available, amountMinor: feeMinor },
          { from: system('commissions_payable'), to: system('fee_income'), amountMinor: commissionMinor },
          { from: system('provider'), to: system('provider_charges'), amountMinor: chargeBackMinor },
        ],
      }),
    ],
    earnings: earningsOf(transaction, 'reverse', feeMinor, commissionMinor),
    cases: [caseOf(transaction, 'returned', amountMinor, { reason: found.reason })],
  };
}
