// What is particular to collections: the payer is prompted once, and the money that comes in is booked to the owner's wallet.
import type { Config } from '../config.ts';
import type { Context } from '../context.ts';
import { entry, type Move } from '../ledger/journal.ts';
import { availableAccount, systemAccount } from '../ledger/ledger-account.ts';
import { openPerson } from '../merchants/person.ts';
import { commissionOf } from '../pricing/fee.ts';
import { caseOf } from '../transactions/case.ts';
import { type Booking, type BookingInput, earningsOf, type Flow, type Prepared } from '../transactions/flow.ts';
import type { Loaded } from '../transactions/transaction.ts';

export const collectionFlow: Flow = {
  type: 'collection',
  patienceMs: (config: Config) => config.COLLECTION_PATIENCE_MS,
  prepare,
  priceFound: async () => ({}),
  release: () => [],
  settle,
  settleLate: (of) => {
    const booking = settle(of);
    return {
      ...booking,
      cases: [...booking.cases, caseOf(of.transaction, 'late_success', of.transaction.amountMinor, {})],
    };
  },
  reverse,
};

/** Nothing to ask beforehand: the price was fixed at acceptance, and the payer approves the exact amount. */
async function prepare(ctx: Context, { transaction, sealed, otpSealed, silentAttempts }: Loaded): Promise<Prepared> {
  const payer = openPerson(ctx.vault, sealed);
  const phone = payer?.phone;
  if (phone === undefined)
    return { kind: 'refuse', code: 'payer_erased', message: 'The payer was erased before it was sent.' };
  const otp = otpSealed === null ? null : (JSON.parse(ctx.vault.open(otpSealed)) as { pinId: string; pin: string });
  return {
    kind: 'ready',
    open: {
      kind: 'open',
      tokenHash: null,
      quotationExpiresAt: null,
      quotedAmountMinor: null,
      quotedChargeMinor: null,
      // Once more and never again: a payer who approved a prompt must not be asked a third time.
      fenceAt: silentAttempts === 0 ? { afterMs: resendAfterMs(ctx.config) } : null,
    },
    set: {},
    send: (permission) =>
      ctx.provider.submitCollection(
        {
          reference: transaction.id,
          amountMinor: transaction.amountMinor ?? 0n,
          currency: transaction.currency,
          country: transaction.country ?? '',
          phone,
          customer: payer?.customer ?? null,
          otp,
          redirectUrl: transaction.redirectUrl,
        },
        permission,
      ),
  };
}

/** What the provider kept of a collection. Who bore it cannot be known from one answer, so the configuration says what to assume. */
function chargeOf({ transaction, found, config }: BookingInput): bigint {
  if (transaction.chargeMinor !== null) return transaction.chargeMinor;
  return config.COLLECTION_CHARGE_PAYER === 'merchant' ? (found.feesMinor ?? 0n) : 0n;
}

function settle(of: BookingInput): Booking {
  const { transaction, found, tariff } = of;
  const system = (kind: Parameters<typeof systemAccount>[0]) => systemAccount(kind, transaction.currency);
  const amountMinor = found.amountMinor;
  const feeMinor = transaction.feeMinor ?? 0n;
  const chargeMinor = chargeOf(of);
  const commissionMinor = commissionOf(tariff, feeMinor, transaction.currency);
  const moves: Move[] = [
    { from: system('provider'), to: availableAccount(transaction.walletId), amountMinor: amountMinor - feeMinor },
    { from: system('provider'), to: system('fee_income'), amountMinor: feeMinor },
    { from: system('provider_charges'), to: system('provider'), amountMinor: chargeMinor },
    { from: system('fee_income'), to: system('commissions_payable'), amountMinor: commissionMinor },
  ];
  return {
    set: { chargeMinor },
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
    cases: [],
  };
}

/** The payer got the money back. The wallet gives what it has; the rest is receivable, and a person is told. */
function reverse(of: BookingInput & { readonly availableMinor: bigint }): Booking {
  const { transaction, found, tariff, availableMinor } = of;
  const system = (kind: Parameters<typeof systemAccount>[0]) => systemAccount(kind, transaction.currency);
  const amountMinor = transaction.amountMinor ?? found.amountMinor;
  const feeMinor = transaction.feeMinor ?? 0n;
  const commissionMinor = commissionOf(tariff, feeMinor, transaction.currency);
  const creditedMinor = amountMinor - feeMinor;
  const coveredMinor = availableMinor < creditedMinor ? availableMinor : creditedMinor;
  const shortMinor = creditedMinor - coveredMinor;
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
          { from: availableAccount(transaction.walletId), to: system('provider'), amountMinor: coveredMinor },
          { from: system('receivable'), to: system('provider'), amountMinor: shortMinor },
          { from: system('fee_income'), to: system('provider'), amountMinor: feeMinor },
          { from: system('commissions_payable'), to: system('fee_income'), amountMinor: commissionMinor },
        ],
      }),
    ],
    earnings: earningsOf(transaction, 'reverse', feeMinor, commissionMinor),
    cases: [
      caseOf(transaction, 'returned', amountMinor, { reason: found.reason }),
      ...(shortMinor > 0n
        ? [caseOf(transaction, 'shortfall', shortMinor, { why: 'a returned collection had been spent' })]
        : []),
    ],
  };
}

/** Never while the first prompt may still be on its way to the provider. */
function resendAfterMs(config: Config): number {
  return Math.max(config.COLLECTION_RESEND_AFTER_MS, config.SEND_WINDOW_MS + config.PROVIDER_TIMEOUT_MS);
}
