// All figures of the overview for one range, read once for everybody who asks within a few seconds.

import {
  awaitingApproval,
  type Backlog,
  backlogs,
  failures,
  inVain,
  lastMoveAt,
  type Waiting,
} from '../../activity/now.ts';
import { type Activity, readActivity } from '../../activity/read.ts';
import { type Context, perContext } from '../../context.ts';
import { refusedWebhooks } from '../../webhooks/refused.ts';
import {
  type Deliveries,
  deliveries,
  type Endpoints,
  type EventState,
  endpoints,
  type OpenCases,
  openCases,
  openProposals,
  type ProviderError,
  peopleWithoutSecondFactor,
  providerErrors,
  recoverySince,
  type Sending,
  sending,
  webhookStates,
} from './health.ts';
import type { Range } from './range.ts';

/** How things stand at this moment. */
export interface Now {
  readonly at: Date;
  readonly cases: readonly OpenCases[];
  readonly awaiting: Waiting | null;
  readonly proposed: Waiting | null;
  readonly inVain: readonly (Waiting & { readonly currency: string })[];
  readonly queues: readonly Backlog[];
  readonly lastMoveAt: Date | null;
  readonly endpoints: Endpoints;
  readonly recoverySince: Date | null;
  /** A sentence about what only an operator can mend; null when all is well. */
  readonly providerProblem: string | null;
  readonly peopleWithoutSecondFactor: number;
}

export interface Figures {
  readonly range: Range;
  readonly now: Now;
  readonly activity: Activity;
  readonly failures: readonly { readonly code: string; readonly count: number }[];
  readonly sending: readonly Sending[];
  readonly providerErrors: readonly ProviderError[];
  readonly webhooks: ReadonlyMap<EventState, number>;
  readonly refusedWebhooks: number;
  readonly deliveries: Deliveries;
}

// One question after the other: a page must not take all the connections that payments live on.
async function readNow(ctx: Context): Promise<Now> {
  const { db } = ctx;
  return {
    at: new Date(),
    cases: await openCases(db),
    awaiting: await awaitingApproval(db),
    proposed: await openProposals(db),
    inVain: await inVain(db),
    queues: await backlogs(db),
    lastMoveAt: await lastMoveAt(db),
    endpoints: await endpoints(db),
    recoverySince: await recoverySince(db),
    providerProblem: ctx.provider.configurationProblem(),
    peopleWithoutSecondFactor: await peopleWithoutSecondFactor(db),
  };
}

async function readFigures(ctx: Context, range: Range): Promise<Figures> {
  const { db } = ctx;
  const { from, to } = range;
  const now = nowFor(ctx)('now', () => readNow(ctx));
  now.catch(() => undefined);
  return {
    range,
    activity: await readActivity(db, range),
    failures: await failures(db, from, to),
    sending: [await sending(db, 'payout', from, to), await sending(db, 'collection', from, to)],
    providerErrors: [
      ...(await providerErrors(db, 'payout', from, to)),
      ...(await providerErrors(db, 'collection', from, to)),
    ],
    webhooks: await webhookStates(db, from, to),
    refusedWebhooks: await refusedWebhooks(ctx, from, to),
    deliveries: await deliveries(db, from, to),
    now: await now,
  };
}

/** What many people look at in the same seconds is asked of the database once. */
const FRESH_MS = 2000;
const KEPT = 32;

/** Hands out one answer, or the one on its way, until it is FRESH_MS old. A failure is nobody's answer for longer than it lasts. */
export function singleFlight<T>(freshMs = FRESH_MS): (key: string, ask: () => Promise<T>) => Promise<T> {
  const known = new Map<string, { readonly answer: Promise<T>; until: number }>();
  return (key, ask) => {
    const found = known.get(key);
    if (found !== undefined && performance.now() < found.until) return found.answer;
    const entry = { answer: ask(), until: Number.POSITIVE_INFINITY };
    known.delete(key);
    known.set(key, entry);
    const [oldest] = known.keys();
    if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
    entry.answer.then(
      () => {
        entry.until = performance.now() + freshMs;
      },
      () => known.get(key) === entry && known.delete(key),
    );
    return entry.answer;
  };
}

const nowFor = perContext(() => singleFlight<Now>());
const figuresFor = perContext(() => singleFlight<Figures>());

/** The figures of a range, at most a few seconds old. */
export function figuresOf(ctx: Context, range: Range): Promise<Figures> {
  const key = `${range.from.getTime()} ${range.to.getTime()} ${range.stepMinutes}`;
  return figuresFor(ctx)(key, () => readFigures(ctx, range));
}
