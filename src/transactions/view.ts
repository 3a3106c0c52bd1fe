// A transaction as its merchant sees it: the public shape of the API, whole, with amounts as decimal strings.
import { accountOf, type Person } from '../merchants/person.ts';
import { formatAmount } from '../money.ts';
import type { TransactionRow } from './transaction.ts';

const amount = (minor: bigint | null) => (minor === null ? null : formatAmount(minor));

/** The JSON of one transaction. `person` is null once erased; `owner` is null for the merchant's own wallet. */
export function viewTransaction(
  transaction: Omit<TransactionRow, 'dueAt' | 'generation' | 'tries' | 'attemptNo' | 'actor' | 'clientAddress'>,
  of: { person: Person | null; owner: string },
) {
  return {
    id: transaction.id,
    type: transaction.type,
    status: transaction.state,
    amount: amount(transaction.amountMinor),
    currency: transaction.currency,
    fee: amount(transaction.feeMinor),
    charge: amount(transaction.chargeMinor),
    destinationAmount: amount(transaction.destinationAmountMinor),
    destinationCurrency: transaction.destinationCurrency,
    country: transaction.country,
    method: transaction.method,
    accountNumber: of.person === null ? null : accountOf(of.person),
    walletId: transaction.walletId,
    owner: of.owner === '' ? null : of.owner,
    reference: transaction.reference,
    providerTransactionId: transaction.providerTransactionId,
    approvalUrl: transaction.approvalUrl,
    failure:
      transaction.failureCode === null
        ? null
        : { code: transaction.failureCode, message: transaction.failureMessage ?? '' },
    metadata: transaction.metadata,
    scheduledAt: transaction.scheduledAt?.toISOString() ?? null,
    createdAt: transaction.createdAt.toISOString(),
    updatedAt: transaction.updatedAt.toISOString(),
    settledAt: transaction.settledAt?.toISOString() ?? null,
  };
}
