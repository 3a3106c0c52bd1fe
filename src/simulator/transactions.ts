// Look-ups: one transaction by either identifier, and the account-wide list with its filters.
import { formatAmount } from '../money.ts';
import { presentRecipient } from './beneficiaries.ts';
import type { Operation } from './operation.ts';
import { windowOf } from './paging.ts';
import { Refusal, type Reply, success } from './reply.ts';
import type { Settings } from './switches.ts';
import type { World } from './world.ts';

const DAY_MS = 86_400_000;
const RANGES: Readonly<Record<string, number>> = { day: 1, week: 7, month: 30, year: 365 };
/** How many of the newest transactions a search without an exact hit looks through. */
const SEARCH_DEPTH = 20_000;

/** The operation that an identifier names: by transactionId, or by transactionRef (the first, when it was executed twice). */
export function find(world: World, id: string): readonly Operation[] {
  const byId = world.book.index.withId(id);
  if (byId !== undefined) return [byId];
  return world.faults.settings['lookup.disableByReference'] ? [] : world.book.index.withReference(id);
}

/** `GET /transactions/{id}`. */
export function lookUp(world: World, id: string): Reply {
  const { settings } = world.faults;
  const found = find(world, id).filter((operation) => isVisible(world, operation));
  const [first] = found;
  if (first === undefined) throw new Refusal(404, 'transaction not found');
  if (settings['lookup.flat']) return success(present(world, first, settings));
  return success({ transactions: found.map((operation) => present(world, operation, settings)) });
}

/** `GET /transactions`, newest first. Totals are in the asked currency, else in UGX: sums across currencies mean nothing. */
export function list(world: World, query: URLSearchParams): Reply {
  const { book, faults } = world;
  const { items, total } = found(world, query);
  const { page, limit } = windowOf(query);
  const currency = query.get('currency') ?? 'UGX';
  return success({
    total_payouts: formatAmount(book.index.acceptedMinor('payout', currency)),
    total_collections: formatAmount(book.index.acceptedMinor('collection', currency)),
    balance: Number(formatAmount(book.wallets.get(currency)?.balanceMinor ?? 0n)),
    transactions: items.map((operation) => present(world, operation, faults.settings)),
    total,
    limit,
    page,
  });
}

/** The asked page of what fits, and how many fit altogether. */
function found(world: World, query: URLSearchParams): { readonly items: readonly Operation[]; readonly total: number } {
  const { operations } = world.book.index;
  const search = world.faults.settings['list.disableSearch'] ? null : query.get('search');
  const [fromMs, toMs] = period(world, query);
  const [type, currency, status] = [query.get('type'), query.get('currency'), query.get('status')];
  const { start, limit } = windowOf(query);
  if (search === null || search === '') {
    const [first, end] = [firstAt(operations, fromMs), firstAt(operations, toMs)];
    if (type === null && currency === null && status === null && world.faults.settings['lookup.lagMs'] === 0) {
      // Whole books are paged through in reconciliation: a page must not cost a walk through all of them.
      const items = operations.slice(Math.max(first, end - start - limit), Math.max(first, end - start)).reverse();
      return { items, total: end - first };
    }
  }
  const fitting = candidates(world, search).filter(
    (operation) =>
      operation.createdMs >= fromMs &&
      operation.createdMs < toMs &&
      (type === null || operation.type === type) &&
      (currency === null || operation.currency === currency) &&
      (status === null || operation.status === status) &&
      isVisible(world, operation),
  );
  return { items: fitting.slice(start, start + limit), total: fitting.length };
}

/** Position of the first operation at or after a moment; operations stand in order of acceptance. */
function firstAt(operations: readonly Operation[], ms: number): number {
  let [low, high] = [0, operations.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((operations[middle]?.createdMs ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Newest first. A search finds exact references and ids; without an exact hit it finds whatever contains the text. */
function candidates(world: World, search: string | null): readonly Operation[] {
  if (search === null || search === '') return world.book.index.operations.toReversed();
  const exact = world.book.index.withReference(search);
  if (exact.length > 0) return exact.toReversed();
  const byId = world.book.index.withId(search);
  if (byId !== undefined) return [byId];
  const recent = world.book.index.operations.slice(-SEARCH_DEPTH).reverse();
  return recent.filter(({ reference, transactionId }) => reference?.includes(search) || transactionId.includes(search));
}

/** [from, to) in milliseconds; `from` and `to` are UTC days, both included. Raises Refusal 400 for anything else. */
function period(world: World, query: URLSearchParams): readonly [number, number] {
  const range = query.get('range');
  if (range !== null) {
    const days = RANGES[range];
    if (days === undefined) throw new Refusal(400, 'range must be one of the following values: day, week, month, year');
    return [world.now() - days * DAY_MS, Number.POSITIVE_INFINITY];
  }
  const day = (name: 'from' | 'to', missing: number) => {
    const text = query.get(name);
    if (text === null) return missing;
    const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
    if (Number.isNaN(ms)) throw new Refusal(400, `${name} must be a valid date (YYYY-MM-dd)`);
    return ms;
  };
  return [day('from', 0), day('to', Number.POSITIVE_INFINITY) + DAY_MS];
}

function isVisible(world: World, operation: Operation): boolean {
  const lagMs = world.faults.settings['lookup.lagMs'];
  return lagMs === 0 || world.now() >= operation.createdMs + lagMs;
}

function present(world: World, operation: Operation, settings: Settings) {
  const money = (minor: bigint | null) => {
    if (minor === null) return null;
    return settings['lookup.numericAmounts'] ? Number(formatAmount(minor)) : formatAmount(minor);
  };
  const isFinal = operation.status !== 'pending';
  return {
    id: operation.number,
    transactionId: operation.transactionId,
    transactionRef: operation.reference,
    type: operation.type,
    currency: operation.currency,
    amount: money(operation.amountMinor),
    fees: money(operation.feesMinor),
    balanceBefore: isFinal ? money(operation.balanceBeforeMinor) : null,
    balanceAfter: isFinal ? money(operation.balanceAfterMinor) : null,
    sourceCurrency: operation.destinationCurrency === null ? null : operation.currency,
    destinationCurrency: operation.destinationCurrency,
    destinationAmount: operation.destinationAmount,
    sourceCountry: operation.destinationCountry === null ? null : 'UG',
    destinationCountry: operation.destinationCountry,
    merchantId: null,
    accountId: world.accountId,
    userId: null,
    beneficiaryId: operation.recipient?.id ?? null,
    beneficiary: presentRecipient(operation),
    user: null,
    customer: operation.customer,
    meta: null,
    reason: operation.reason,
    isRefunded: operation.isRefunded,
    remitOneId: null,
    pesapotId: null,
    pesapotResponse: null,
    status: operation.outcome === 'processing' && !isFinal ? 'processing' : operation.status,
    createdAt: new Date(operation.createdMs).toISOString(),
    updatedAt: new Date(operation.updatedMs).toISOString(),
  };
}
