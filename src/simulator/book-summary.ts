// The book in figures: how often each reference was executed, and totals per currency; what proofs compare with.
import { formatAmount } from '../money.ts';
import type { Book } from './book.ts';
import { type Operation, readMinor } from './operation.ts';

interface Totals {
  operations: number;
  /** Successful and not returned, in major units. */
  collected: bigint;
  paidOut: bigint;
  /** Fees of what was accepted and not returned. */
  collectionCharges: bigint;
  payoutFees: bigint;
  opening: bigint;
  control: bigint;
  /** Everything operations did to the wallet: balance = opening + control + moved. */
  moved: bigint;
}

/** Figures of the whole book, or of one reference. `executed` counts accepted operations, whatever became of them. */
export function summarise(book: Book, reference: string | null) {
  const chosen = reference === null ? book.index.operations : book.index.withReference(reference);
  const references: Record<string, object> = {};
  const duplicates: string[] = [];
  let withoutReference = 0;
  for (const operation of chosen) {
    if (operation.reference === null) {
      withoutReference += 1;
      continue;
    }
    const same = book.index.withReference(operation.reference);
    if (same[0] !== operation) continue;
    if (same.length > 1) duplicates.push(operation.reference);
    references[operation.reference] = describe(operation, same);
  }
  return { operations: chosen.length, withoutReference, duplicates, references, currencies: totals(book, chosen) };
}

function describe(first: Operation, same: readonly Operation[]) {
  return {
    executed: same.length,
    type: first.type,
    currency: first.currency,
    asked: formatAmount(first.askedMinor),
    amount: formatAmount(first.amountMinor),
    fees: formatAmount(first.feesMinor),
    status: first.status,
    isRefunded: first.isRefunded,
    moved: formatAmount(same.reduce((sum, { movedMinor }) => sum + movedMinor, 0n)),
    transactionIds: same.map(({ transactionId }) => transactionId),
    statuses: same.map(({ status }) => status),
  };
}

function totals(book: Book, chosen: readonly Operation[]) {
  const sums = new Map<string, Totals>();
  const of = (currency: string): Totals => {
    let found = sums.get(currency);
    if (found === undefined) {
      found = {
        operations: 0,
        collected: 0n,
        paidOut: 0n,
        collectionCharges: 0n,
        payoutFees: 0n,
        opening: 0n,
        control: 0n,
        moved: 0n,
      };
      sums.set(currency, found);
    }
    return found;
  };
  for (const entry of book.entries) {
    if (entry.kind !== 'wallet') continue;
    const sum = of(entry.currency);
    if (entry.cause === 'opening') sum.opening += readMinor(entry.delta);
    else if (entry.cause === 'control') sum.control += readMinor(entry.delta);
    else sum.moved += readMinor(entry.delta);
  }
  for (const operation of chosen) {
    const sum = of(operation.currency);
    sum.operations += 1;
    if (operation.status !== 'successful' || operation.isRefunded) continue;
    if (operation.type === 'collection') {
      sum.collected += operation.amountMinor;
      sum.collectionCharges += operation.feesMinor;
    } else if (operation.type === 'payout') {
      sum.paidOut += operation.amountMinor;
      sum.payoutFees += operation.feesMinor;
    }
  }
  return Object.fromEntries(
    [...sums].map(([currency, { operations, ...money }]) => [
      currency,
      {
        operations,
        ...Object.fromEntries(Object.entries(money).map(([name, minor]) => [name, formatAmount(minor)])),
        balance: formatAmount(book.wallets.get(currency)?.balanceMinor ?? 0n),
      },
    ]),
  );
}
