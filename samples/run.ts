// One run of a batch: sends every row, a few at a time, and follows what was accepted to its end.
import { setTimeout as wait } from 'node:timers/promises';
import {
  ApiError,
  type Client,
  isFinal as hasEnded,
  NoAnswer,
  type Transaction as Whole,
} from '../src/client/client.ts';
import { phoneOfRun, type Row, requestOf } from './rows.ts';

export type Transaction = Pick<Whole, 'id' | 'status' | 'createdAt' | 'failure'>;

/** The system cannot be used as told; there is no point in going on. */
export class Hopeless extends Error {
  override name = 'Hopeless';
}

/** What became of a row. Exactly one of `transaction` and `refusal` once it was answered. */
export interface Sent {
  readonly row: Row;
  transaction: Transaction | null;
  /** Every reason as field:code, or the code alone. */
  refusal: readonly string[] | null;
}

/** How long the last changes after an end are waited for. */
const LATE_MS = 8_000;
/** Between two looks at the lists. */
const LOOK_MS = 500;
export const isFinal = (sent: Sent): boolean => sent.transaction !== null && hasEnded(sent.transaction);

/** The answer, or the refusal of this one payment. Raises Hopeless where every other would fare the same. */
async function orRefusal<T>(asked: Promise<T>): Promise<T | ApiError> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof NoAnswer) throw new Hopeless(error.message, { cause: error });
    if (!(error instanceof ApiError)) throw error;
    const { status, code, message, attempts } = error;
    if (status === 401 || status === 403) throw new Hopeless(`The API key is refused: ${message}`);
    if (status === 429 || status >= 500 || code === 'request_in_progress')
      throw new Hopeless(`It did not take a payment in ${attempts} attempts: ${status} ${code}`);
    return error;
  }
}

export class Run {
  readonly all: readonly Sent[];
  readonly #client: Client;
  readonly #name: string;
  readonly #number: number;

  /** `name` makes this run's idempotency keys its own; it is 8 letters or digits. */
  constructor(client: Client, rows: readonly Row[], name: string) {
    this.#client = client;
    this.#name = name;
    this.#number = Number.parseInt(name, 36) % 100;
    this.all = rows.map((row) => ({ row, transaction: null, refusal: null }));
  }

  get answered(): number {
    return this.all.filter((sent) => sent.transaction !== null || sent.refusal !== null).length;
  }
  get accepted(): readonly Sent[] {
    return this.all.filter((sent) => sent.transaction !== null);
  }
  get final(): number {
    return this.all.filter(isFinal).length;
  }

  /** Sends every row, `concurrency` at a time. Raises Hopeless. */
  async send(concurrency: number): Promise<void> {
    const left = [...this.all];
    const work = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await this.#sendOne(next);
    };
    await Promise.all(Array.from({ length: concurrency }, work));
  }

  async #sendOne(sent: Sent): Promise<void> {
    const { row } = sent;
    const isCollection = row.type === 'collection';
    const own = isCollection ? { ...row, phone: phoneOfRun(row.phone, this.#number) } : row;
    const asked =
      row.pin === '' ? null : await orRefusal(this.#client.sendCollectionPin({ body: { phone: own.phone } }));
    const otp = asked === null || asked instanceof ApiError ? null : { pinId: asked.pinId, pin: row.pin };
    const request = requestOf(own, otp);
    const once = { idempotencyKey: `demo-${this.#name}-${row.row.padStart(4, '0')}` };
    const answer = await orRefusal<Transaction>(
      request.type === 'collection'
        ? this.#client.createCollection(request, once)
        : this.#client.createPayout(request, once),
    );
    if (!(answer instanceof ApiError)) sent.transaction = answer;
    else
      sent.refusal =
        answer.errors.length > 0 ? answer.errors.map(({ field, code }) => `${field}:${code}`) : [answer.code];
  }

  /**
   * Looks at the lists until `sending` is over and everything that was accepted is final, or until `patienceMs` have passed after
   * the last payment was sent. Raises Hopeless.
   */
  async follow(sending: Promise<void>, patienceMs: number): Promise<void> {
    let until = Number.POSITIVE_INFINITY;
    let allFinal = false;
    const ended = sending.then(
      () => {
        until = performance.now() + patienceMs;
      },
      // Whoever waits for the sending hears why it failed.
      () => {
        until = 0;
      },
    );
    while (performance.now() < until) {
      await Promise.race([ended, wait(LOOK_MS)]);
      if (until === 0) return;
      await this.look();
      if (!Number.isFinite(until)) continue;
      if (!allFinal && this.final === this.accepted.length) {
        allFinal = true;
        // A few change once more after their end: a return, a late success.
        until = Math.min(until, performance.now() + LATE_MS);
      }
      if (allFinal && this.accepted.every(({ row, transaction }) => row.ends === transaction?.status)) return;
      await wait(LOOK_MS);
    }
  }

  /** Reads all of this run's transactions as they stand now. */
  async look(): Promise<void> {
    const known = new Map(this.accepted.map((sent) => [sent.transaction?.id, sent]));
    const oldest = Math.min(...this.accepted.map((sent) => Date.parse(sent.transaction?.createdAt ?? '')));
    if (known.size === 0) return;
    const from = new Date(oldest - 1000).toISOString();
    const reading = async () => {
      for await (const transaction of this.#client.each('listTransactions', { query: { from } })) {
        const sent = known.get(transaction.id);
        if (sent !== undefined) sent.transaction = transaction;
      }
    };
    const refused = await orRefusal(reading());
    if (refused instanceof ApiError) throw refused;
  }
}
