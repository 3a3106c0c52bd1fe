// The moments of a payment, as they are seen on the wire.
import { type Arm, type Armed, at, calls, runs, type Strike } from './point.ts';

// Statements by what they write: an acceptance, any step, and steps that stamp an attempt, conclude one, or book money.
export const ACCEPTANCE = /^accept_transactions/;
const LOAD = /^load_transactions/;
const MOVE = /^write_steps/;
export const STAMP = /^write_steps\(.*\$2\b/;
export const CONCLUSION = /^write_steps\(.*\$3\b/;
export const MONEY = /^write_steps\(.*\$8\b/;

export const ASKED = calls('POST', /^\/v1\/(payouts|collections)$/);
export const QUOTATION = calls('POST', /\/payouts\/quotation$/);
export const PAYOUT = calls('POST', /\/v1\/payouts$/);
export const COLLECTION = calls('POST', /\/collections\/momo$/);

/** A worker reads a payment's row that no worker has read before. */
export function firstRead(when: 'before' | 'after', strike: Strike<{ ids: readonly string[] }>, may = anybody): Arm {
  return (rig, times) => {
    const unread = new Set<string>();
    const unwatch = rig.links.postgres.watch(({ exchange, from, answer }) => {
      if (answer === null && runs(ACCEPTANCE, 'web')(exchange, from)) for (const id of exchange.ids) unread.add(id);
    });
    const armed = at(
      'postgres',
      when,
      (flight, from) =>
        may(from) && runs(LOAD)(flight, from) && flight.ids.filter((id) => unread.delete(id)).length > 0,
      strike,
    )(rig, times);
    return both(armed, { disarm: unwatch });
  };
}

const anybody = (_from: string) => true;

/** The answer of the provider has come to a process, and the first write about it is on its way. */
export function answered(strike: Strike): Arm {
  return (rig, times) => {
    const heard = new Set<string>();
    const unwatch = rig.links.provider.watch(({ exchange, from, answer }) => {
      if (answer !== null && PAYOUT(exchange)) heard.add(from);
    });
    const armed = at(
      'postgres',
      'before',
      (flight, from) => heard.has(from) && runs(MOVE)(flight, from),
      (it, from, exchange) => {
        heard.delete(from);
        return strike(it, from, exchange);
      },
    )(rig, times);
    return both(armed, { disarm: unwatch });
  };
}

function both(armed: Armed, other: { disarm(): void }): Armed {
  return {
    get hits() {
      return armed.hits;
    },
    disarm() {
      armed.disarm();
      other.disarm();
    },
  };
}
