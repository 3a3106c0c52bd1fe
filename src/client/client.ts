// The client: a method for every operation of the API, typed by its description, with keys and repetitions taken care of.
import { backoffMs, pause } from './backoff.ts';
import { type AnyInput, type CallOptions, type ClientOptions, call } from './call.ts';
import type { Transaction } from './generated/description.ts';
import { OPERATIONS } from './generated/operations.ts';
import type { Input, Item, ListName, OperationName, Output } from './shapes.ts';

export type { CallOptions, ClientOptions } from './call.ts';
export { ApiError, type CallFacts, NoAnswer } from './errors.ts';
export type * from './generated/description.ts';
export type { Input, Item, ListName, OperationName, Output } from './shapes.ts';

/** Nothing changes any more, unless the provider takes back what it said. */
export const FINAL_STATUSES: readonly Transaction['status'][] = ['settled', 'failed', 'cancelled', 'reversed'];
export const isFinal = (transaction: Pick<Transaction, 'status'>): boolean =>
  FINAL_STATUSES.includes(transaction.status);

type Method<Name extends OperationName> =
  object extends Input<Name>
    ? (input?: Input<Name>, options?: CallOptions) => Promise<Output<Name>>
    : (input: Input<Name>, options?: CallOptions) => Promise<Output<Name>>;

export type Client = { readonly [Name in OperationName]: Method<Name> } & {
  /** Every item of a list, page by page, as long as it is asked for more: `for await (const wallet of client.each('listWallets'))`. */
  each<Name extends ListName>(
    list: Name,
    input?: Input<Name>,
    options?: CallOptions,
  ): AsyncGenerator<Item<Name>, void, undefined>;
  /** Asks, at first quickly and then every few seconds, until the transaction is final. Raises NotFinal after `deadlineMs` (2 minutes). */
  waitUntilFinal(id: string, options?: CallOptions): Promise<Transaction>;
};

/** The time given to `waitUntilFinal` is up. The transaction goes on; `in_review` waits for a person. */
export class NotFinal extends Error {
  override readonly name = 'NotFinal';
  readonly transaction: Transaction;
  constructor(transaction: Transaction) {
    super(`${transaction.id} is still ${transaction.status}.`);
    this.transaction = transaction;
  }
}

interface Page {
  readonly data: readonly unknown[];
  readonly nextCursor: string | null;
}

/** A client of the service at `baseUrl`. It holds nothing open and needs no closing. */
export function createClient(client: ClientOptions): Client {
  const ask = (name: OperationName, input: AnyInput = {}, options: CallOptions = {}): Promise<unknown> =>
    call(client, { ...OPERATIONS[name], name }, input, options);
  const names = Object.keys(OPERATIONS) as OperationName[];
  const methods = Object.fromEntries(
    names.map((name) => [name, (input?: AnyInput, options?: CallOptions) => ask(name, input, options)]),
  );
  const beside: Pick<Client, 'each' | 'waitUntilFinal'> = {
    async *each(list, input, options) {
      const { query, ...rest }: AnyInput = input ?? {};
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = (await ask(list, { ...rest, query: { limit: 100, ...query, cursor } }, options)) as Page;
        yield* page.data as Item<typeof list>[];
        cursor = page.nextCursor;
      }
    },
    async waitUntilFinal(id, options = {}) {
      const until = performance.now() + (options.deadlineMs ?? 120_000);
      for (let asked = 0; ; asked += 1) {
        const left = { ...options, deadlineMs: until - performance.now() };
        const transaction = (await ask('getTransaction', { path: { id } }, left)) as Transaction;
        if (isFinal(transaction)) return transaction;
        // Between a fifth of a second and four: politely, and not all at once.
        const waitMs = Math.min(4_000, 200 + backoffMs(asked, 0) / 2);
        if (performance.now() + waitMs >= until) throw new NotFinal(transaction);
        await pause(waitMs, options.signal);
      }
    },
  };
  return { ...methods, ...beside } as Client;
}
