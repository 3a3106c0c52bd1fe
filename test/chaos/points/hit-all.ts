// `npm run chaos -- --points N`: every crash point N times, a table of how often each was really hit, and one JSON line.
import type { Progress } from '../soak/progress.ts';
import { hit, POINTS_CANARIES } from './hit.ts';
import { POINTS } from './points.ts';
import { finishPoints, startPoints } from './run.ts';

/** Whether each point was hit as often as was asked, and the books are right. */
export async function hitAll(of: {
  times: number;
  cleanup: AsyncDisposableStack;
  progress: Progress;
  print: (line: string) => void;
}): Promise<boolean> {
  const run = await startPoints();
  of.cleanup.defer(() => run.close());
  const hits: Record<string, number> = {};
  let now = '';
  const stopShowing = of.progress(async () => `${now}; ${run.checking.violations.length} violations`);
  try {
    for (const point of POINTS) {
      now = `${point.id}: ${point.what}`;
      hits[now] = await hit(run.rig, run.callers, point, of.times);
    }
    now = 'waiting until everything has ended';
    const { problems: found, stories } = await finishPoints(run, POINTS_CANARIES);
    const missed = Object.entries(hits)
      .filter(([, count]) => count < of.times)
      .map(([point, count]) => `"${point}" was hit ${count} times, not ${of.times}`);
    const problems = [...found, ...missed];
    for (const [point, count] of Object.entries(hits))
      of.print(`${point.padEnd(62)} ${String(count).padStart(6)} hits`);
    for (const line of [...problems.map((problem) => `- ${problem}`), ...stories]) of.print(line);
    const passed = problems.length === 0;
    of.print(passed ? '\nAll is well: every point was hit, nothing lost, nothing done twice.' : '\nNot all is well.');
    const { snapshots } = run.checking;
    of.print(`\n${JSON.stringify({ points: { times: of.times, hits, snapshots, problems, passed } })}`);
    return passed;
  } finally {
    stopShowing();
  }
}
