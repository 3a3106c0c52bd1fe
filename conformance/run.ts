// Runs the points, several at a time, each on a stage of its own and within a limit of time.
import { setTimeout as wait } from 'node:timers/promises';
import type { Adapter } from './adapter.ts';
import { Disagreement, type Point, seeInto, show } from './point.ts';
import { LISTS } from './points/lists.ts';
import { LOOK_UPS } from './points/look-ups.ts';
import { MEANING } from './points/meaning.ts';
import { QUOTATIONS } from './points/quotations.ts';
import { TOKENS } from './points/tokens.ts';
import { WEBHOOKS } from './points/webhooks.ts';
import { WIRE } from './points/wire.ts';
import { setStage } from './stage.ts';

export const POINTS: readonly Point[] = [
  ...MEANING,
  ...WIRE,
  ...TOKENS,
  ...QUOTATIONS,
  ...LOOK_UPS,
  ...LISTS,
  ...WEBHOOKS,
];

export interface Result {
  readonly point: Point;
  readonly verdict: 'pass' | 'fail' | 'skip';
  readonly seen: string;
}

const AT_ONCE = 8;
/** Longer than the slowest point of an adapter that keeps its deadlines. */
const LIMIT_MS = 30_000;

/** Every point's result, in the points' order; `told` hears of each as soon as all before it are known. */
export async function runPoints(of: {
  adapter: Adapter;
  points?: readonly Point[];
  told?: (result: Result) => void;
}): Promise<Result[]> {
  const { adapter, points = POINTS, told } = of;
  const results = new Array<Result | undefined>(points.length);
  let next = 0;
  let shown = 0;
  const work = async () => {
    for (let n = next++; n < points.length; n = next++) {
      results[n] = await runPoint(adapter, points[n] as Point);
      for (let ready = results[shown]; ready !== undefined; ready = results[++shown]) told?.(ready);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results as Result[];
}

async function runPoint(adapter: Adapter, point: Point): Promise<Result> {
  if (point.webhooks && adapter.readClaim === undefined) {
    return { point, verdict: 'skip', seen: 'the adapter reads no callbacks' };
  }
  const stage = await setStage(adapter);
  const tally = new Map<string, number>();
  const done = new AbortController();
  try {
    const limit = wait(LIMIT_MS, null, { signal: done.signal }).then(() => {
      throw new Disagreement(`it was not done after ${LIMIT_MS / 1000} s`);
    });
    limit.catch(() => undefined);
    await Promise.race([point.check(stage, seeInto(tally)), limit]);
    return { point, verdict: 'pass', seen: summaryOf(tally) };
  } catch (error) {
    return {
      point,
      verdict: 'fail',
      seen: error instanceof Disagreement ? error.message : `the adapter raised ${show(error)}`,
    };
  } finally {
    done.abort();
    await stage.close();
  }
}

/** The observations that agreed, most frequent first, as far as a line holds them. */
function summaryOf(tally: ReadonlyMap<string, number>): string {
  const all = [...tally]
    .sort(([, a], [, b]) => b - a)
    .map(([seen, times]) => (times > 1 ? `${times} × ${seen}` : seen));
  const line = all.slice(0, 3).join(', ');
  return all.length > 3 ? `${line}, and ${all.length - 3} more` : line;
}
