// A crash point: a moment of one payment at which something is done to a process or a connection, and how it is recognised.
//
// To add a point, add a few lines to points.ts: an id and a sentence from the failure model, what is asked for meanwhile, and where
// it strikes, as `at(link, when, matches, strike)`. `matches` is a predicate on the message: `commits(/^accept_transactions/)` is the
// COMMIT (or the statement that commits by itself) that makes a prepared statement of that name durable, `runs(…)` the flight that
// executes it, `calls('POST', /…/)` a call to the provider. `before` holds the message back, `after` its answer. What happens then is
// a strike from strikes.ts; a function of your own does as well. That a point was never hit is a failure of its test.
import type { HttpCall } from '../proxy/http-wire.ts';
import type { ArmedTrap, Caught, Fate, Trap } from '../proxy/link.ts';
import type { Flight } from '../proxy/postgres-wire.ts';
import type { Rig } from '../rig/rig.ts';

export interface Point {
  /** Of the failure model. */
  readonly id: string;
  readonly what: string;
  readonly asks: 'payout' | 'collection';
  readonly arm: (rig: Rig, times: number) => ArmedTrap;
}

/** What is done when the point is reached; the message is held until it is decided. */
export type Strike = (rig: Rig, from: string) => Fate | Promise<Fate>;

interface Exchanges {
  readonly postgres: Flight;
  readonly provider: HttpCall;
}

export function at<Name extends keyof Exchanges>(
  link: Name,
  when: 'before' | 'after',
  matches: (exchange: Exchanges[Name], from: string) => boolean,
  strike: Strike,
): Point['arm'] {
  return (rig, times) => {
    const trap: Trap<Exchanges[Name]> = {
      when,
      times,
      matches,
      spring: ({ from }: Caught<unknown>) => strike(rig, from),
    };
    return (rig.links[link] as { arm(trap: Trap<Exchanges[Name]>): ArmedTrap }).arm(trap);
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

/** A call to the provider. */
export function calls(method: string, path: RegExp) {
  return (call: HttpCall) => call.method === method && path.test(call.path);
}
