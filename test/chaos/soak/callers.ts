// Careful callers: each repeats its request under its key until it has a definite answer, and they keep a list of their own.
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { CallerLine } from '../checker/callers-list.ts';
import type { Order } from './orders.ts';

const CALL_MS = 5000;
const PAUSE_MS = 150;
/** Requests on their way at once; a caller that waits for its answer holds up no other below this. */
const MOST_AT_ONCE = 200;
const AGAIN_AT_ONCE = 16;

export interface Callers {
  readonly sent: number;
  readonly answered: number;
  /** Calls that had to be repeated. */
  readonly repeated: number;
  /** Sentences about definite answers nobody expected. */
  readonly refused: readonly string[];
  /** Sends one order beside those; resolves with its definite answer's status. */
  ask(order: Order): Promise<number>;
  /** Sends all orders, spread evenly over `lengthMs`; resolves when each has its definite answer. */
  send(lengthMs: number): Promise<void>;
  /** Asks everything once more. */
  sendAgain(): Promise<void>;
  /** Writes the list for the checker. */
  writeList(path: string): void;
}

export function callersOf(of: { orders: readonly Order[]; urls: readonly string[]; apiKey: string }): Callers {
  const answers = new Map<Order, { status: number; body: string; again: string | null }>();
  const refused: string[] = [];
  let sent = 0;
  let repeated = 0;
  let turn = 0;

  /** One call to one of the web processes, each in its turn; null when there was no answer. */
  async function call(order: Order): Promise<{ status: number; body: string } | null> {
    turn += 1;
    try {
      const answer = await fetch(`${of.urls[turn % of.urls.length]}${order.path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${of.apiKey}`,
          'content-type': 'application/json',
          'idempotency-key': order.key,
        },
        body: order.body,
        signal: AbortSignal.timeout(CALL_MS),
      });
      return { status: answer.status, body: await answer.text() };
    } catch {
      return null;
    }
  }

  async function untilDefinite(order: Order): Promise<{ status: number; body: string }> {
    for (;;) {
      const answer = await call(order);
      if (answer !== null && isDefinite(answer.status)) return answer;
      repeated += 1;
      await wait(PAUSE_MS * (1 + Math.random()));
    }
  }

  async function ask(order: Order): Promise<number> {
    sent += 1;
    const answer = await untilDefinite(order);
    answers.set(order, { ...answer, again: null });
    if (answer.status > 299) refused.push(`${order.key} was refused: ${answer.status} ${answer.body}`);
    return answer.status;
  }

  return {
    ask,
    get sent() {
      return sent;
    },
    get answered() {
      return answers.size;
    },
    get repeated() {
      return repeated;
    },
    refused,

    async send(lengthMs) {
      const startedAt = performance.now();
      const waiting = new Set<Promise<void>>();
      for (const [n, order] of of.orders.entries()) {
        const atMs = startedAt + (n / of.orders.length) * lengthMs;
        if (atMs > performance.now()) await wait(atMs - performance.now());
        while (waiting.size >= MOST_AT_ONCE) await Promise.race(waiting);
        const one = ask(order).then(() => void waiting.delete(one));
        waiting.add(one);
      }
      await Promise.all(waiting);
    },

    async sendAgain() {
      const rest = [...answers].filter(([, { status }]) => status < 300);
      const one = async () => {
        for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
          const [order, first] = next;
          first.again = (await untilDefinite(order)).body;
        }
      };
      await Promise.all(Array.from({ length: AGAIN_AT_ONCE }, one));
    },

    writeList(path) {
      const lines = [...answers].map(([{ key }, answer]): CallerLine => ({ key, ...answer }));
      writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    },
  };
}

/** 409 (its twin still runs), 429 and everything of 500 and above tell nothing about what was done. */
function isDefinite(status: number): boolean {
  return status < 500 && status !== 409 && status !== 429;
}
