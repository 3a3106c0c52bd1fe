// `npm run chaos -- --points N`: every crash point as often as its kind asks, a table of how often each was really hit, a JSON line.
import { REVIEW_SHARE } from '../flags.ts';
import type { Progress } from '../soak/progress.ts';
import { type Point, timesOf } from './point.ts';
import { POINTS, TOGETHER } from './points.ts';
import { finishPoints, startPoints } from './run.ts';
import { POINTS_CANARIES } from './stage.ts';

interface Counted {
  readonly point: string;
  readonly asked: number;
  readonly hits: number;
  readonly seconds: number;
  /** What went wrong while it was hit. */
  readonly problem?: string;
}

/** Raises one sentence about an id that no point has. */
export function checkChosen(only: readonly string[] | null): void {
  const unknown = only?.filter((id) => ![...POINTS, ...TOGETHER].some((point) => point.id === id)) ?? [];
  if (unknown.length > 0) throw new Error(`There is no point ${unknown.join(', ')}.`);
}

/** Whether each point was hit as often as was asked, and the books are right. */
export async function hitAll(of: {
  times: number;
  /** Of these points only, by their ids. */
  only: readonly string[] | null;
  cleanup: AsyncDisposableStack;
  progress: Progress;
  print: (line: string) => void;
}): Promise<boolean> {
  const startedAt = performance.now();
  const chosen = (points: readonly Point[]) => points.filter(({ id }) => of.only?.includes(id) ?? true);
  const run = await startPoints();
  of.cleanup.defer(() => run.close());
  let now = '';
  const stopShowing = of.progress(async () => `${now}; ${run.checking.violations.length} violations`);
  const count = async (point: Point): Promise<Counted> => {
    const [asked, from] = [timesOf(point, of.times), performance.now()];
    const name = `${point.id}: ${point.what}`;
    now = name;
    const counted = await point.hit(run, asked).then(
      (hits) => ({ hits }),
      (error: Error) => ({ hits: 0, problem: `"${name}" went wrong: ${error.message}` }),
    );
    const seconds = Math.round((performance.now() - from) / 100) / 10;
    of.print(`${name.padEnd(62)} ${String(counted.hits).padStart(4)} of ${String(asked).padEnd(4)} ${seconds} s`);
    return { point: name, asked, seconds, ...counted };
  };
  try {
    const counted: Counted[] = [];
    for (const point of chosen(POINTS)) counted.push(await count(point));
    counted.push(...(await Promise.all(chosen(TOGETHER).map(count))));
    now = 'waiting until everything has ended';
    const { problems: found, stories } = await finishPoints(run, POINTS_CANARIES, REVIEW_SHARE);
    const missed = counted.flatMap(({ point, hits, asked, problem }) =>
      problem !== undefined ? [problem] : hits < asked ? [`"${point}" was hit ${hits} times, not ${asked}`] : [],
    );
    const problems = [...found, ...missed];
    for (const line of [...run.notes, ...problems.map((problem) => `- ${problem}`), ...stories]) of.print(line);
    const passed = problems.length === 0;
    of.print(passed ? '\nAll is well: every point was hit, nothing lost, nothing done twice.' : '\nNot all is well.');
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    const { snapshots } = run.checking;
    const figures = { times: of.times, seconds, payments: run.callers.answered, snapshots };
    of.print(`\n${JSON.stringify({ points: { ...figures, counted, notes: run.notes, problems, passed } })}`);
    return passed;
  } finally {
    stopShowing();
  }
}
