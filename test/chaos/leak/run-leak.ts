// `npm run chaos -- --leak N`: a house in peace, so many payments a second for N minutes: what does it hold that it does not give back?
import { setTimeout as wait } from 'node:timers/promises';
import { startRig } from '../rig/rig.ts';
import { callOnce, streamOf, tally } from '../scenes/stream.ts';
import { ordersOf, walletsOf } from '../soak/orders.ts';
import type { Progress } from '../soak/progress.ts';
import { type Gauge, gaugesOf } from './gauges.ts';
import { growthPerMinute, type Sample } from './slope.ts';

const PER_SECOND = 50;
const EVERY_MS = 2000;
/** Code is compiled, pools and caches fill, until then. */
const WARM_UP_SHARE = 1 / 3;

interface Measured extends Gauge {
  readonly samples: Sample[];
}

/** Whether nothing grew beyond its bound, every request was accepted, and no process ended. */
export async function runLeak(of: {
  minutes: number;
  cleanup: AsyncDisposableStack;
  progress: Progress;
  print: (line: string) => void;
}): Promise<boolean> {
  const wallets = walletsOf(20);
  const rig = await startRig({ webs: 2, workers: 3, wallets, simulator: { settleMs: 100 } });
  of.cleanup.defer(() => rig.close());
  const measured: readonly Measured[] = gaugesOf(rig).map((gauge) => ({ ...gauge, samples: [] }));
  const statuses: number[] = [];
  const orders = ordersOf('leak', Math.round(of.minutes * 60 * PER_SECOND), wallets);
  const stopShowing = of.progress(async () => `${statuses.length} of ${orders.length} answered`);
  const startedAt = performance.now();
  const stream = streamOf(orders, PER_SECOND, async (order) => {
    const { url } = rig.webs[statuses.length % rig.webs.length] as { url: string };
    statuses.push(await callOnce(url, rig.merchant.apiKey, order));
  });
  const ended = new AbortController();
  void stream.done.finally(() => ended.abort());
  try {
    while (!ended.signal.aborted) {
      for (const { samples, read } of measured)
        samples.push({ atMs: performance.now() - startedAt, value: await read() });
      await wait(EVERY_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    }
    await stream.done;
  } finally {
    stopShowing();
  }
  const warmMs = of.minutes * 60_000 * WARM_UP_SHARE;
  const growth = measured.map(({ name, unit, mostPerMinute, samples }) => {
    const warm = samples.filter(({ atMs }) => atMs >= warmMs);
    return {
      name,
      unit,
      mostPerMinute,
      from: warm[0]?.value,
      to: warm.at(-1)?.value,
      perMinute: growthPerMinute(warm),
    };
  });
  of.print('\nonce warm: first, last, growth a minute');
  for (const { name, unit, from = Number.NaN, to = Number.NaN, perMinute } of growth)
    of.print(
      `  ${name.padEnd(12)} ${unit.padEnd(12)} ${from.toFixed(0).padStart(6)} ${to.toFixed(0).padStart(6)} ${perMinute.toFixed(2).padStart(8)}`,
    );
  const refused = statuses.filter((status) => status !== 202);
  const problems = [
    ...growth
      .filter(({ perMinute, mostPerMinute }) => !(perMinute <= mostPerMinute))
      .map(
        (one) =>
          `${one.name} grows by ${one.perMinute.toFixed(2)} ${one.unit} a minute, not ${one.mostPerMinute} at most`,
      ),
    ...(refused.length === 0 ? [] : [`not every payment was accepted: ${tally(refused)}`]),
    ...[rig.simulator, ...rig.webs, ...rig.workers].flatMap((part) => part.unasked),
  ];
  for (const problem of problems) of.print(`- ${problem}`);
  const passed = problems.length === 0;
  of.print(passed ? '\nAll is well: what is taken is given back.' : '\nNot all is well.');
  of.print(`\n${JSON.stringify({ leak: { minutes: of.minutes, perSecond: PER_SECOND, growth, problems, passed } })}`);
  return passed;
}
