// One rig for all crash points, and the proof at their end: everything has ended, and the checker finds nothing.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Checking, startChecking } from '../rig/checking.ts';
import { type Rig, startRig } from '../rig/rig.ts';
import { storiesOf } from '../rig/stories.ts';
import { type Callers, callersOf } from '../soak/callers.ts';
import { POINTS_OWNER } from './hit.ts';
import { QUOTATION_TTL_MS } from './points.ts';

const ENDED_MS = 90_000;

export interface PointsRun {
  readonly rig: Rig;
  readonly callers: Callers;
  readonly checking: Checking;
  close(): Promise<void>;
}

export async function startPoints(): Promise<PointsRun> {
  const rig = await startRig({
    webs: 2,
    workers: 2,
    wallets: [{ owner: POINTS_OWNER, currency: 'UGX' }],
    // Points strike one after the other: an open payment of one must not be looked up by hundreds of others' bells.
    env: { COLLECTION_RESEND_AFTER_MS: '2000', COLLECTION_PATIENCE_MS: '60000', PAYOUT_PATIENCE_MS: '60000' },
    simulator: { quotationTtlMs: QUOTATION_TTL_MS, settleMs: 100 },
  });
  const checking = startChecking(rig);
  const callers = callersOf({ orders: [], urls: rig.webs.map((web) => web.url), apiKey: rig.merchant.apiKey });
  return {
    rig,
    callers,
    checking,
    async close() {
      checking.abandon();
      await rig.close();
    },
  };
}

/** Waits until every payment has ended, and checks everything. Nothing here is a reason to ask a person. */
export async function finishPoints(
  { rig, callers, checking }: PointsRun,
  canaries: readonly string[],
): Promise<{ problems: readonly string[]; stories: readonly string[] }> {
  const until = performance.now() + ENDED_MS;
  for (;;) {
    const { rows } = await rig.database.query(
      `SELECT count(*)::int AS open FROM transactions WHERE state IN ('accepted', 'submitting', 'submitted')`,
    );
    if (rows[0].open === 0 || performance.now() > until) break;
    await wait(100);
  }
  await callers.sendAgain();
  const list = join(rig.folder, 'callers.jsonl');
  callers.writeList(list);
  const order = { callersList: list, canaries: [...canaries, rig.merchant.apiKey], overdueMs: 15_000, reviewShare: 0 };
  const violations = await checking.finish(order);
  const unasked = [rig.simulator, ...rig.webs, ...rig.workers].flatMap((part) => part.unasked);
  const problems = [...violations, ...callers.refused, ...unasked];
  return { problems, stories: problems.length === 0 ? [] : await storiesOf(rig.database, problems) };
}
