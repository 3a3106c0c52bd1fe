// One rig for all scenes; and `npm run chaos -- --scenes N`, which plays each of them N times as large.
import { randomBytes } from 'node:crypto';
import { finishPoints, type PointsRun } from '../points/run.ts';
import { startChecking } from '../rig/checking.ts';
import { startRig } from '../rig/rig.ts';
import { callersOf } from '../soak/callers.ts';
import { CANARIES, ordersOf, walletsOf } from '../soak/orders.ts';
import type { Progress } from '../soak/progress.ts';
import type { Stage } from './scene.ts';
import { SCENES } from './scenes.ts';

const WALLETS = 20;

export interface ScenesRun extends Stage, Pick<PointsRun, 'rig' | 'callers' | 'checking' | 'close'> {}

export async function startScenes(size: number): Promise<ScenesRun> {
  const wallets = walletsOf(WALLETS);
  const rig = await startRig({
    webs: 2,
    workers: 2,
    wallets,
    env: { COLLECTION_RESEND_AFTER_MS: '2000', COLLECTION_PATIENCE_MS: '60000', PAYOUT_PATIENCE_MS: '60000' },
    simulator: { settleMs: 100 },
  });
  const checking = startChecking(rig);
  const callers = callersOf({ orders: [], urls: rig.webs.map((web) => web.url), apiKey: rig.merchant.apiKey });
  return {
    rig,
    callers,
    checking,
    size,
    orders: (count) => ordersOf(`scene-${randomBytes(8).toString('hex')}`, count, wallets),
    async close() {
      checking.abandon();
      await rig.close();
    },
  };
}

/** Waits until every payment has ended, and checks everything. */
export function finishScenes(run: ScenesRun): ReturnType<typeof finishPoints> {
  return finishPoints(run, CANARIES);
}

export async function playAll(of: {
  size: number;
  cleanup: AsyncDisposableStack;
  progress: Progress;
  print: (line: string) => void;
}): Promise<boolean> {
  const run = await startScenes(of.size);
  of.cleanup.defer(() => run.close());
  const problems: string[] = [];
  let now = '';
  const stopShowing = of.progress(
    async () => `${now}: ${run.callers.answered} answered, ${run.checking.violations.length} violations`,
  );
  try {
    for (const scene of SCENES) {
      now = `${scene.id} ${scene.what}`;
      const startedAt = performance.now();
      const found = await scene.play(run);
      problems.push(...found.map((problem) => `${scene.id}: ${problem}`));
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(7);
      of.print(`${now.padEnd(70)} ${seconds} s, ${found.length} problems`);
    }
    now = 'waiting until everything has ended';
    const { problems: violated, stories } = await finishScenes(run);
    problems.push(...violated);
    for (const line of [...problems.map((problem) => `- ${problem}`), ...stories]) of.print(line);
  } finally {
    stopShowing();
  }
  const passed = problems.length === 0;
  of.print(passed ? '\nAll is well: nothing lost, nothing done twice.' : '\nNot all is well.');
  const { snapshots } = run.checking;
  of.print(
    `\n${JSON.stringify({ scenes: { size: of.size, payments: run.callers.answered, snapshots, problems, passed } })}`,
  );
  return passed;
}
