// Zombies: a worker is frozen at a moment of a payment until another has taken the payment on, and then thawed. Whatever it goes on to
// write about it must be refused, and the database's own answers are watched for at least one such refusal at every moment.
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import type { HttpCall } from '../proxy/http-wire.ts';
import { type Flight, refusedOf } from '../proxy/postgres-wire.ts';
import type { Rig } from '../rig/rig.ts';
import { CONCLUSION, firstRead, PAYOUT, STAMP } from './moments.ts';
import { type Arm, at, commits, MISSED, type Point, type Strike } from './point.ts';
import { struck } from './stage.ts';

/** Past the job's lock and the lease of the compressed profile (2 s at most). */
const PAST_THE_LEASE_MS = 2500;
/** Within which another worker must have taken the payment on. */
const TAKEN_ON_MS = 15_000;

/** How long a zombie that woke up is given to write, and how often more it is tried. */
const SEEN_MS = 5000;
const MORE = 5;

const frozen = new Set<string>();
/** Somebody must be alive to take payments on, and not too busy. */
const mayFreeze = (rig: Rig, from: string) => !frozen.has(from) && frozen.size < rig.workers.length - 2;

const STANDING = 'SELECT id, state, attempt_no FROM transactions WHERE id = ANY($1) ORDER BY id';

/** SIGSTOP until each of the payments has moved on without it; then SIGCONT. */
async function freezeUntilTakenOn(rig: Rig, from: string, ids: readonly string[]): Promise<boolean> {
  const part = rig.part(from);
  frozen.add(from);
  part.freeze();
  try {
    const standing = async () => (await rig.database.query(STANDING, [ids])).rows.map((row) => JSON.stringify(row));
    const [before] = await Promise.all([standing(), wait(PAST_THE_LEASE_MS)]);
    const takenOn = async () => (await standing()).every((row, n) => row !== before[n]);
    return await until(takenOn, 'another has taken the payments on', TAKEN_ON_MS).catch(() => false);
  } finally {
    part.thaw();
    frozen.delete(from);
  }
}

const namedIn = (exchange: Flight | HttpCall): readonly string[] =>
  'ids' in exchange ? exchange.ids : [(JSON.parse(exchange.body) as { transactionRef: string }).transactionRef];

type Build = (strike: Strike<Flight | HttpCall>, may: (rig: Rig) => (from: string) => boolean) => Arm;

/** How often it was paused; raises when not one stale write of it was seen to be refused. */
function zombie(what: string, build: Build): Point {
  const whole = `zombie ${what}`;
  return {
    id: 'P20',
    what: whole,
    kind: 'zombie',
    async hit(stage, times) {
      /** What each process held when it was frozen: it is stale from then on. */
      const held = new Set<string>();
      let refused = 0;
      const unwatch = stage.rig.links.postgres.watch(({ exchange, from, answer }) => {
        if (answer === null) return;
        for (const id of refusedOf(exchange, answer)) if (held.delete(`${from} ${id}`)) refused += 1;
      });
      const strike: Strike<Flight | HttpCall> = async (rig, from, exchange) => {
        const ids = namedIn(exchange);
        for (const id of ids) held.add(`${from} ${id}`);
        return (await freezeUntilTakenOn(rig, from, ids)) ? 'pass' : MISSED;
      };
      const arm = build(strike, (rig) => (from) => mayFreeze(rig, from));
      try {
        const point = struck({
          id: 'P20',
          what,
          kind: 'zombie',
          asks: 'payout',
          arm,
          lanes: 2,
          reachMs: 20_000,
        });
        const hits = await point.hit(stage, times);
        const seen = () =>
          until(() => refused > 0 || hits === 0, `a stale write of a ${whole} is refused`, SEEN_MS).catch(() => false);
        // One in four has nothing left to write when it wakes up: of a single one that says nothing, so it is tried again.
        for (let more = 0; !(await seen()); more += 1) {
          if (more === MORE) throw new Error(`no stale write of a ${whole} was seen to be refused`);
          await point.hit(stage, 1);
        }
        stage.note(`${whole}: ${hits} pauses, ${refused} stale writes seen refused`);
        return hits;
      } finally {
        unwatch();
      }
    },
  };
}

const whenMay =
  <Name extends 'postgres' | 'provider'>(
    name: Name,
    when: 'before' | 'after',
    matches: (exchange: Name extends 'postgres' ? Flight : HttpCall, from: string) => boolean,
  ): Build =>
  (strike, may) =>
  (rig, times) =>
    at<'postgres' | 'provider'>(
      name,
      when,
      (exchange, from) => may(rig)(from) && (matches as (e: unknown, from: string) => boolean)(exchange, from),
      strike,
    )(rig, times);

export const ZOMBIES: readonly Point[] = [
  zombie(
    'between reading and quotation (P10)',
    (strike, may) => (rig, times) =>
      firstRead('after', strike as Strike<{ ids: readonly string[] }>, may(rig))(rig, times),
  ),
  zombie('between quotation and stamp (P12)', whenMay('postgres', 'before', commits(STAMP))),
  zombie('between stamp and sending (P13)', whenMay('postgres', 'after', commits(STAMP))),
  zombie('between sending and answer (P14)', whenMay('provider', 'before', PAYOUT)),
  zombie('between answer and write (P15)', whenMay('provider', 'after', PAYOUT)),
  zombie('inside the write (P16)', whenMay('postgres', 'before', commits(CONCLUSION))),
];
