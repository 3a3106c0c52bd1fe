// One run of a batch: sends every row, a few at a time, and follows what was accepted to its end.
import { setTimeout as wait } from 'node:timers/promises';
import type { Api, Problem } from './api.ts';
import { phoneOfRun, type Row, requestOf } from './rows.ts';

export interface Transaction {
  readonly id: string;
  readonly status: string;
  readonly createdAt: string;
  readonly failure: { readonly code: string } | null;
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
const FINAL = new Set(['settled', 'failed', 'cancelled', 'reversed']);
export const isFinal = (sent: Sent): boolean => sent.transaction !== null && FINAL.has(sent.transaction.status);

export class Run {
  readonly all: readonly Sent[];
  readonly #api: Api;
  readonly #name: string;
  readonly #number: number;

  /** `name` makes this run's idempotency keys its own; it is 8 letters or digits. */
  constructor(api: Api, rows: readonly Row[], name: string) {
    this.#api = api;
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
    const asked = row.pin === '' ? null : await this.#api.post('/v1/collections/otp', { phone: own.phone }, null);
    const pinId = (asked?.body as { pinId?: string } | undefined)?.pinId;
    const otp = pinId === undefined ? null : { pinId, pin: row.pin };
    const { path, body } = requestOf(own, otp);
    const answer = await this.#api.post(path, body, `demo-${this.#name}-${row.row.padStart(4, '0')}`);
    if (answer.status === 202) {
      sent.transaction = answer.body as Transaction;
      return;
    }
    const { code, errors = [] } = answer.body as Problem;
    sent.refusal = errors.length > 0 ? errors.map((error) => `${error.field}:${error.code}`) : [code];
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
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await this.#api.get(`/v1/transactions?limit=100&from=${from}${page}`);
      const { data, nextCursor } = body as { data: readonly Transaction[]; nextCursor: string | null };
      for (const transaction of data) {
        const sent = known.get(transaction.id);
        if (sent !== undefined) sent.transaction = transaction;
      }
      cursor = nextCursor;
    }
  }
}
