// What the simulator did and was asked, newest last: bounded, and sortable into an order that does not depend on timing.

export type Channel = 'call' | 'book' | 'webhook' | 'control';

export interface LogEvent {
  readonly n: number;
  readonly at: number;
  readonly channel: Channel;
  /** What the event is about: a reference where there is one, else a phone, a token, a query. */
  readonly key: string;
  readonly event: string;
  /** Tells apart what may interleave under one key: the number of a webhook of a transaction. */
  readonly turn: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** One event without its time and place in the arrival order. */
export type LogicalEvent = Omit<LogEvent, 'n' | 'at'>;

export class EventLog {
  readonly #limit: number;
  #events: LogEvent[] = [];
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(channel: Channel, key: string, event: string, detail: Readonly<Record<string, unknown>>, turn = 0): void {
    this.#count += 1;
    this.#events.push({ n: this.#count, at: Date.now(), channel, key, event, turn, detail });
    // Cut in halves rather than one by one: shifting a long array on every call would cost more than the call.
    if (this.#events.length > 2 * this.#limit) this.#events = this.#events.slice(-this.#limit);
  }

  /** Newest `limit` events, in order of arrival. */
  arrivals(where: { readonly channel?: string; readonly key?: string } = {}): readonly LogEvent[] {
    return this.#events.filter(
      (event) =>
        (where.channel === undefined || event.channel === where.channel) &&
        (where.key === undefined || event.key === where.key),
    );
  }

  /** By key, channel, turn and order within them, without times: the same for the same seed and the same requests. */
  logical(where: { readonly channel?: string; readonly key?: string } = {}): readonly LogicalEvent[] {
    return this.arrivals(where)
      .map(({ n: _, at: __, ...event }) => event)
      .sort((a, b) => compare(a.key, b.key) || compare(a.channel, b.channel) || a.turn - b.turn);
  }

  clear(): void {
    this.#events = [];
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
