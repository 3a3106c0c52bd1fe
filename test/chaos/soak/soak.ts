// The soak I01: safety while faults come, liveness after the last one; what it found, as a value.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { QUIET_MS, type SoakFlags } from '../flags.ts';
import { startChecking } from '../rig/checking.ts';
import { type Rig, startRig } from '../rig/rig.ts';
import { storiesOf } from '../rig/stories.ts';
import { callersOf } from './callers.ts';
import { type Committed, commitFaults, hitName } from './commit-faults.ts';
import { type Fault, planFaults } from './fault-plan.ts';
import { CANARIES, ordersOf, walletsOf } from './orders.ts';
import type { Progress } from './progress.ts';

const WEBS = 2;
const WORKERS = 3;
const WALLETS = 200;
/** Nobody may have missed a date by more than this when all is quiet. */
const OVERDUE_MS = 15_000;

/** The provider as the catalogue wants it; the standing orders hold again whenever it was killed. */
const PROVIDER_FAULTS = {
  submit: { hang_after: 0.1, error_after: 0.05, error_before: 0.05, rate_limit: 0.03 },
  webhook: { duplicate: 0.3, reorder: 0.2, delay: 0.2, drop: 0.1 },
  error_statuses: [500, 502, 503, 504],
  lookup: { lagMs: 300 },
};
const NO_PROVIDER_FAULTS = {
  submit: { hang_after: 0, error_after: 0, error_before: 0, rate_limit: 0 },
  webhook: { duplicate: 0, reorder: 0, delay: 0, drop: 0 },
};

/** Over the compressed profile: patience outlasts any outage of the plan, and the list of returns is long. */
const ENVIRONMENT = {
  COLLECTION_PATIENCE_MS: '60000',
  PAYOUT_PATIENCE_MS: '60000',
  REVERSAL_CHECK_MS: '10000',
  ROLLUP_INTERVAL_MS: '2000',
};

/** Wall clocks of a careless house: nothing about money may go by them. */
const CLOCKS = { 'web-2': 300_000, 'worker-2': -300_000, 'worker-3': 300_000 };

const PARTS = [
  ...['postgres', 'redis', 'simulator'],
  ...Array.from({ length: WEBS }, (_, n) => `web-${n + 1}`),
  ...Array.from({ length: WORKERS }, (_, n) => `worker-${n + 1}`),
];

export interface SoakResult {
  readonly flags: SoakFlags;
  readonly answered: number;
  readonly repeated: number;
  readonly states: Readonly<Record<string, number>>;
  readonly kills: Readonly<Record<string, number>>;
  /** By name and target, how often planned and how often it really hit. */
  readonly faults: Readonly<Record<string, { readonly planned: number; readonly hits: number }>>;
  /** What sendings ran into, by the words stored with the attempts. */
  readonly endings: Readonly<Record<string, number>>;
  readonly snapshots: number;
  /** From the last fault until everything had ended; null when it did not in time. */
  readonly quietAfterMs: number | null;
  /** Sentences; the run has passed when there are none. */
  readonly problems: readonly string[];
  /** What became of the first transactions that the problems name. */
  readonly stories: readonly string[];
}

export function planOf(flags: SoakFlags): readonly Fault[] {
  return planFaults({ seed: flags.seed, lengthMs: flags.minutes * 60_000, everyMs: flags.everyMs, parts: PARTS });
}

export async function soak(of: {
  flags: SoakFlags;
  cleanup: AsyncDisposableStack;
  progress: Progress;
}): Promise<SoakResult> {
  const { flags, progress } = of;
  const plan = planOf(flags);
  const wallets = walletsOf(WALLETS);
  const rig = await startRig({
    webs: WEBS,
    workers: WORKERS,
    wallets,
    env: ENVIRONMENT,
    clockShiftMs: CLOCKS,
    simulator: { seed: flags.seed, faults: PROVIDER_FAULTS },
  });
  of.cleanup.defer(() => rig.close());
  const checking = startChecking(rig);
  of.cleanup.defer(() => checking.abandon());
  const orders = ordersOf(flags.seed, flags.payments, wallets);
  const callers = callersOf({ orders, urls: rig.webs.map((web) => web.url), apiKey: rig.merchant.apiKey });
  const committed: Committed = { hits: new Map(), done: 0 };

  let phase = 'faults';
  const stopShowing = progress(async () => {
    const states = await statesOf(rig).catch(() => null);
    const open = states === null ? '?' : String(openOf(states));
    return (
      `${phase}: ${callers.sent} of ${orders.length} sent, ${callers.answered} answered, ${open} open, ` +
      `${committed.done} of ${plan.length} faults, ${checking.snapshots} snapshots, ${checking.violations.length} violations`
    );
  });
  try {
    // Safety: payments come all the while, to the last fault.
    const lengthMs = flags.minutes * 60_000;
    const sending = callers.send(lengthMs * 0.97);
    await commitFaults(rig, plan, committed);
    await rig.order('/faults', NO_PROVIDER_FAULTS);
    // Liveness: from here on nothing disturbs.
    phase = 'quiet';
    const lastFaultAt = performance.now();
    await sending;
    const quietAfterMs = await quiet(rig, lastFaultAt);
    phase = 'asking everything once more';
    await callers.sendAgain();
    phase = 'checking everything';
    const list = join(rig.folder, 'callers.jsonl');
    callers.writeList(list);
    const violations = await checking.finish({
      callersList: list,
      canaries: [...CANARIES, rig.merchant.apiKey],
      overdueMs: OVERDUE_MS,
      reviewShare: flags.reviewShare,
    });
    const states = await statesOf(rig);
    const result = {
      flags,
      answered: callers.answered,
      repeated: callers.repeated,
      states,
      kills: Object.fromEntries(rig.parts.map((part) => [part.name, part.kills])),
      faults: faultsOf(plan, committed),
      endings: await endingsOf(rig),
      snapshots: checking.snapshots,
      quietAfterMs,
    };
    const unasked = [rig.simulator, ...rig.webs, ...rig.workers].flatMap((part) => part.unasked);
    const problems = [...violations, ...callers.refused, ...unasked, ...coverageProblems(result)];
    return { ...result, problems, stories: await storiesOf(rig.database, problems) };
  } finally {
    stopShowing();
  }
}

async function statesOf(rig: Rig): Promise<Record<string, number>> {
  const { rows } = await rig.database.query(
    'SELECT state, count(*)::int AS n FROM transactions GROUP BY state ORDER BY 1',
  );
  return Object.fromEntries(rows.map((row) => [row.state as string, row.n as number]));
}

function openOf(states: Readonly<Record<string, number>>): number {
  return (states['accepted'] ?? 0) + (states['submitting'] ?? 0) + (states['submitted'] ?? 0);
}

/** Waits until everything has ended; what has not in time is named by the checker. */
async function quiet(rig: Rig, lastFaultAt: number): Promise<number | null> {
  for (;;) {
    const sinceMs = performance.now() - lastFaultAt;
    const states = await statesOf(rig).catch(() => null);
    if (states !== null && openOf(states) === 0) return Math.round(sinceMs);
    if (sinceMs > QUIET_MS) return null;
    await wait(250);
  }
}

function faultsOf(plan: readonly Fault[], { hits }: Committed): SoakResult['faults'] {
  const planned = new Map<string, number>();
  for (const fault of plan) {
    const name = hitName(fault.name, fault.target);
    planned.set(name, (planned.get(name) ?? 0) + 1);
  }
  return Object.fromEntries(
    [...planned].toSorted().map(([name, count]) => [name, { planned: count, hits: hits.get(name) ?? 0 }]),
  );
}

/** The provider's faults leave their traces with the attempts: how often each was met. */
async function endingsOf(rig: Rig): Promise<Record<string, number>> {
  const { rows } = await rig.database.query(
    `SELECT coalesce(split_part(hint, ':', 1), CASE verdict WHEN 'not_sent' THEN evidence->>'code' ELSE verdict END, 'open') AS ending,
      count(*)::int AS n FROM attempts GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(rows.map((row) => [row.ending as string, row.n as number]));
}

function coverageProblems(of: Pick<SoakResult, 'flags' | 'kills' | 'faults' | 'snapshots' | 'quietAfterMs'>): string[] {
  const problems: string[] = [];
  for (const [name, { hits }] of Object.entries(of.faults))
    if (hits === 0) problems.push(`"${name}" was planned and hit nothing`);
  for (const [name, kills] of Object.entries(of.kills)) {
    if (kills < of.flags.leastKills) problems.push(`${name} was killed ${kills} times, not ${of.flags.leastKills}`);
  }
  if (of.snapshots < of.flags.minutes * 20) problems.push(`the checker saw ${of.snapshots} snapshots only`);
  if (of.quietAfterMs === null) problems.push(`not everything had ended ${QUIET_MS / 1000} s after the last fault`);
  return problems;
}
