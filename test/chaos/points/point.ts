// A crash point: a moment of one payment at which something is done to a process or a connection, and how it is recognised.
//
// To add a point, add a few lines to points.ts: an id and a sentence from the failure model, what is asked for meanwhile, and where
// it strikes, as `at(link, when, matches, strike)`. `matches` is a predicate on the message: `commits(/^accept_transactions/)` is the
// COMMIT (or the statement that commits by itself) that makes a prepared statement of that name durable, `runs(…)` the flight that
// executes it, `calls('POST', /…/)` a call to the provider or by a caller. `before` holds the message back, `after` its answer. What
// happens then is a strike from strikes.ts; a function of your own does as well. What is more than one message (Redis rolled back,
// Postgres away while webhooks come) is a `Point` whose `hit` does it step by step. That a point was never hit is a failure of its test.
import type { HttpCall } from '../proxy/http-wire.ts';
import type { Fate, Link } from '../proxy/link.ts';
import type { Flight } from '../proxy/postgres-wire.ts';
import type { Rig } from '../rig/rig.ts';
import type { Stage } from './stage.ts';

/** What a full count of N asks of each kind of point, as a part of N. */
export const SHARES = { intake: 0.4, worker: 1, zombie: 0.6, rare: 0.2 } as const;

/** How often that is of a point. */
export const timesOf = (point: Point, count: number) => Math.max(1, Math.ceil(count * SHARES[point.kind]));

export interface Point {
  /** Of the failure model. */
  readonly id: string;
  readonly what: string;
  readonly kind: keyof typeof SHARES;
  /** Hits it so many times and gives how often it really was. Raises when what must hold right then does not. */
  readonly hit: (stage: Stage, times: number) => Promise<number>;
}

/** Armed: strikes whenever the moment comes. */
export interface Armed {
  /** Strikes that are over; one that missed its moment after all is none. */
  readonly hits: number;
  disarm(): void;
}

export type Arm = (rig: Rig, times: number) => Armed;

/** The moment was over before it could be struck. */
export const MISSED = Symbol('missed');

/** What is done when the point is reached; the message is held until it is decided. */
export type Strike<E = unknown> = (
  rig: Rig,
  from: string,
  exchange: E,
) => Fate | typeof MISSED | Promise<Fate | typeof MISSED>;

interface Exchanges {
  readonly postgres: Flight;
  readonly provider: HttpCall;
  readonly callers: HttpCall;
}

export function at<Name extends keyof Exchanges>(
  name: Name,
  when: 'before' | 'after',
  matches: (exchange: Exchanges[Name], from: string) => boolean,
  strike: Strike<Exchanges[Name]>,
): Arm {
  return (rig, times) => {
    let begun = 0;
    let hits = 0;
    const links = { ...rig.links, callers: rig.doors.link };
    const link = links[name] as unknown as Link<Exchanges[Name]>;
    const trap = link.arm({
      when,
      times: Number.POSITIVE_INFINITY,
      matches: (exchange, from) => begun < times && matches(exchange, from),
      async spring({ exchange, from }) {
        begun += 1;
        const fate = await strike(rig, from, exchange);
        if (fate === MISSED) {
          begun -= 1;
          return 'pass';
        }
        hits += 1;
        return fate;
      },
    });
    return {
      get hits() {
        return hits;
      },
      disarm: () => trap.disarm(),
    };
  };
}

/** The moment that makes a statement of that name durable, asked for by a process of that kind. */
export function commits(name: RegExp, kind: 'web' | 'worker' = 'worker') {
  return (flight: Flight, from: string) => from.startsWith(kind) && flight.commits.some((one) => name.test(one));
}

/** The flight that executes a statement of that name. */
export function runs(name: RegExp, kind: 'web' | 'worker' = 'worker') {
  return (flight: Flight, from: string) => from.startsWith(kind) && flight.statements.some((one) => name.test(one));
}

/** An HTTP call: to the provider, or by a caller. */
export function calls(method: string, path: RegExp) {
  return (call: HttpCall) => call.method === method && path.test(call.path);
}
