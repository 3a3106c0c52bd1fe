// One rig for all crash points, and the proof at their end: everything has ended, and the checker finds nothing.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Checking, startChecking } from '../rig/checking.ts';
import { startRig } from '../rig/rig.ts';
import { storiesOf } from '../rig/stories.ts';
import { callersOf } from '../soak/callers.ts';
import { QUOTATION_TTL_MS } from './points.ts';
import { POINTS_OWNER, type Stage } from './stage.ts';

const ENDED_MS = 120_000;
/** Four may be frozen while two are alive. */
const WORKERS = 6;

export interface PointsRun extends Stage {
  /** What the points noted besides their hits. */
  readonly notes: readonly string[];
  readonly checking: Checking;
  close(): Promise<void>;
}

export async function startPoints(): Promise<PointsRun> {
  const rig = await startRig({
    webs: 2,
    workers: WORKERS,
    wallets: [{ owner: POINTS_OWNER, currency: 'UGX' }],
    // Patience outlasts a payment that is struck five times; jobs of the dead come back soon.
    env: {
      COLLECTION_RESEND_AFTER_MS: '2000',
      COLLECTION_PATIENCE_MS: '240000',
      PAYOUT_PATIENCE_MS: '240000',
      JOB_LOCK_MS: '1000',
    },
    simulator: { quotationTtlMs: QUOTATION_TTL_MS, settleMs: 100 },
  });
  const checking = startChecking(rig);
  const callers = callersOf({ orders: [], urls: rig.doors.urls, apiKey: rig.merchant.apiKey });
  const notes: string[] = [];
  return {
    rig,
    callers,
    notes,
    note: (sentence) => void notes.push(sentence),
    checking,
    async close() {
      checking.abandon();
      await rig.close();
    },
  };
}

/**
 * Waits until every payment has ended, and checks everything. One hit is no reason to ask a person; of thousands, two may fall on
 * one collection and take both of its prompts, so a long run names the part that may be in review.
 */
export async function finishPoints(
  { rig, callers, checking }: Pick<PointsRun, 'rig' | 'callers' | 'checking'>,
  canaries: readonly string[],
  reviewShare = 0,
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
  const order = { callersList: list, canaries: [...canaries, rig.merchant.apiKey], overdueMs: 15_000, reviewShare };
  const violations = await checking.finish(order);
  const unasked = [rig.simulator, ...rig.webs, ...rig.workers].flatMap((part) => part.unasked);
  const problems = [...violations, ...callers.refused, ...unasked];
  return { problems, stories: problems.length === 0 ? [] : await storiesOf(rig.database, problems) };
}
