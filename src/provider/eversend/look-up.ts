// Looks a transaction up: by the provider's id, by our reference, and by an exact match in the list's search.
import { z } from 'zod';
import type { Logger } from '../../logger.ts';
import type { LookUpEnding, Provider, ProviderTransaction } from '../provider.ts';
import type { Call, Calls } from './calls.ts';
import { optionalText, readTransaction, transactionsIn } from './messages.ts';

const SEARCH_LIMIT = 50;

interface Asked {
  readonly reference: string;
  readonly providerTransactionId: string | null;
}

const carried = z.object({ transactionId: optionalText, transactionRef: optionalText });
const searchMessage = z.object({ transactions: z.array(z.unknown()), total: optionalText });

/**
 * `not_found` takes two answers: neither the address of the transaction nor the search knows it. Anything less than both
 * (a time-out, an unreadable page, a search with more matches than it shows) is `unavailable`, which proves nothing.
 */
export function createLookUp(of: { calls: Calls; log: Logger }): Provider['lookUp'] {
  const { calls, log } = of;

  /** The matching transaction; null when the answer has none; else the ending that stops the look-up. */
  async function step(
    call: Call,
    asked: Asked,
    searching: boolean,
  ): Promise<ProviderTransaction | null | LookUpEnding> {
    const reading = await calls.ask(call);
    if (reading.kind === 'missing' && !searching) return null;
    if (reading.kind === 'unavailable') return reading;
    if (reading.kind !== 'data') return unavailable('refused', reading.words || 'the look-up was refused');
    const found = transactionsIn(reading.data).filter((raw) => isAskedFor(raw, asked));
    if (found.length > 0) return best(found, asked);
    if (!searching) return null;
    const list = searchMessage.safeParse(reading.data);
    if (!list.success) return unavailable('unreadable', 'the search could not be understood');
    return isCutShort(list.data) ? unavailable('search_cut_short', 'more matches than shown') : null;
  }

  function best(found: readonly unknown[], { reference }: Asked): ProviderTransaction | LookUpEnding {
    const transactions = found.map((raw) => readTransaction(raw)).filter((transaction) => transaction !== null);
    if (new Set(transactions.map((transaction) => transaction.providerTransactionId)).size > 1) {
      log.error(
        { transactionId: reference, count: transactions.length, event: 'duplicate_reference' },
        'The provider holds several transactions under one reference.',
      );
    }
    const order = ['successful', 'pending', 'failed'];
    const [first] = transactions.sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
    return first ?? unavailable('unreadable', 'the transaction could not be understood');
  }

  return async (asked) => {
    const address = (name: string): Call => ({
      method: 'GET',
      path: `/transactions/${encodeURIComponent(name)}`,
      operation: '/transactions/{id}',
      notFound: 'answer',
    });
    const { reference, providerTransactionId } = asked;
    // A name of dots alone would lead to another address of the provider's.
    const names = [providerTransactionId, reference].filter(
      (name) => name !== null && !/^\.{0,2}$/.test(name),
    ) as string[];
    const search = encodeURIComponent(names.at(-1) ?? '');
    const steps: Call[] = [
      ...names.map(address),
      { method: 'GET', path: `/transactions?search=${search}&limit=${SEARCH_LIMIT}`, operation: '/transactions' },
    ];
    for (const call of steps) {
      const result = await step(call, asked, call === steps.at(-1));
      if (result === null) continue;
      return 'kind' in result ? result : { kind: 'found', transaction: result };
    }
    return { kind: 'not_found' };
  };
}

/** Ours by reference, or by the provider's id as long as it carries no other reference; by that id alone whatever it carries. */
function isAskedFor(raw: unknown, { reference, providerTransactionId }: Asked): boolean {
  const parsed = carried.safeParse(raw);
  if (!parsed.success) return false;
  const { transactionId, transactionRef } = parsed.data;
  if (reference !== '' && transactionRef === reference) return true;
  if (providerTransactionId === null || transactionId !== providerTransactionId) return false;
  return reference === '' || transactionRef == null;
}

/** Whether the search has more pages: then the transaction may be on one of them. */
function isCutShort({ transactions, total }: z.output<typeof searchMessage>): boolean {
  const shown = transactions.length;
  return !(Number(total ?? shown) <= shown) || shown >= SEARCH_LIMIT;
}

function unavailable(code: string, message: string): LookUpEnding {
  return { kind: 'unavailable', code, message, retryAfterMs: null };
}
