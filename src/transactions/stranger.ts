// Operations of the provider's that no row of ours explains: their money waits in suspense, once, and a person is asked.
import type { Context } from '../context.ts';
import { inTransaction } from '../db/knex.ts';
import { StaleState } from '../errors.ts';
import { entry, type Move, type NewEntry } from '../ledger/journal.ts';
import { systemAccount } from '../ledger/ledger-account.ts';
import { post } from '../ledger/post.ts';
import { isCurrency } from '../money.ts';
import type { ProviderTransaction } from '../provider/provider.ts';
import { type CaseKind, openCases } from './case.ts';

/** The entry for money that moved; null where none did, or not in a currency of ours. Its reference exists once. */
export function suspendStranger(
  ctx: Pick<Context, 'config'>,
  found: ProviderTransaction,
  actor: string,
): NewEntry | null {
  const { currency, amountMinor, type } = found;
  if (found.status !== 'successful' || found.isRefunded || type === 'other') return null;
  if (!isCurrency(currency) || amountMinor <= 0n) return null;
  const provider = systemAccount('provider', currency);
  const suspense = systemAccount('suspense', currency);
  const isCharged = type === 'payout' || ctx.config.COLLECTION_CHARGE_PAYER === 'merchant';
  const moves: Move[] = [
    type === 'collection'
      ? { from: provider, to: suspense, amountMinor }
      : { from: suspense, to: provider, amountMinor },
    {
      from: systemAccount('provider_charges', currency),
      to: provider,
      amountMinor: isCharged ? (found.feesMinor ?? 0n) : 0n,
    },
  ];
  return entry({ reference: suspendReference(found.providerTransactionId), kind: 'suspend', currency, actor, moves });
}

export function suspendReference(providerTransactionId: string): string {
  return `provider:${providerTransactionId}:suspend`;
}

/** Books it and opens its case, in one commit. False when nothing moved or may yet move, or when it was booked before. */
export async function nameStranger(
  ctx: Context,
  of: {
    readonly found: ProviderTransaction;
    readonly kind: Extract<CaseKind, 'unexpected_money' | 'unknown_operation'>;
    readonly actor: string;
    readonly evidence: Record<string, unknown>;
  },
): Promise<boolean> {
  const { found, kind, actor, evidence } = of;
  if (found.status === 'failed' || found.isRefunded) return false;
  const { providerTransactionId, reference, type, status, currency, amountMinor } = found;
  const suspended = suspendStranger(ctx, found, actor);
  try {
    await inTransaction(ctx.db, async (trx) => {
      await openCases(trx, [
        {
          kind,
          subject: `provider:${providerTransactionId}`,
          transactionId: null,
          currency: isCurrency(currency) ? currency : null,
          amountMinor,
          evidence: {
            providerTransactionId,
            reference,
            type,
            status,
            currency,
            feesMinor: found.feesMinor?.toString() ?? null,
            ...evidence,
          },
        },
      ]);
      if (suspended !== null) await post(trx, [suspended]);
    });
    return true;
  } catch (error) {
    // Booked before, by another who looked at the same money.
    if (!(error instanceof StaleState)) throw error;
    return false;
  }
}
