// `npm run chaos -- --recovery N`: recovery measured with the timings of production, against what is promised.
import { startChecking } from '../rig/checking.ts';
import { startRig } from '../rig/rig.ts';
import { callersOf } from '../soak/callers.ts';
import type { Progress } from '../soak/progress.ts';
import { killWorkers } from './killed-workers.ts';
import { OWNER } from './orders.ts';
import { outage } from './outage.ts';
import { percentile } from './percentile.ts';

const WORKERS = 6;
const OUTAGES = 3;
/** The promises. */
const KILLED_P99_MS = 60_000;
const RETURNED_MS = 15_000;

/** Longer than a send, and shorter than the run: what was never executed is sent again while the run lasts. */
const QUOTATION_TTL_MS = 120_000;

/** Whether every figure is within its promise, no snapshot was wrong, and the provider executed nothing twice. */
export async function runRecovery(of: {
  rounds: number;
  cleanup: AsyncDisposableStack;
  progress: Progress;
  print: (line: string) => void;
}): Promise<boolean> {
  const rig = await startRig({
    webs: 2,
    workers: WORKERS,
    wallets: [{ owner: OWNER, currency: 'UGX' }],
    timings: 'production',
    // No webhook ever comes: leases, sweep and look-ups are alone with it.
    simulator: { quotationTtlMs: QUOTATION_TTL_MS, faults: { webhook: { drop: 1 } } },
  });
  of.cleanup.defer(() => rig.close());
  const checking = startChecking(rig);
  of.cleanup.defer(() => checking.abandon());
  const callers = callersOf({ orders: [], urls: rig.webs.map((web) => web.url), apiKey: rig.merchant.apiKey });
  const figures: Record<'lookedUp' | 'sentAfterAll' | 'redis' | 'postgres', number[]> = {
    lookedUp: [],
    sentAfterAll: [],
    redis: [],
    postgres: [],
  };
  let now = '';
  const stopShowing = of.progress(async () => `${now}; ${checking.violations.length} violations`);
  try {
    // First, while nothing is in doubt yet whose look-ups would take part of the provider's rate.
    for (let round = 1; round <= OUTAGES; round += 1) {
      for (const name of ['redis', 'postgres'] as const) {
        now = `outage ${round} of ${OUTAGES} of ${name}`;
        figures[name].push(await outage(rig, callers, name, round));
      }
    }
    for (let round = 1; round <= of.rounds; round += 1) {
      now = `kill ${round} of ${of.rounds}, ${figures.lookedUp.length} payments looked up`;
      const times = await killWorkers(rig, callers, round);
      figures.lookedUp.push(...times.lookedUp);
      figures.sentAfterAll.push(...times.sentAfterAll);
    }
  } finally {
    stopShowing();
  }
  const { duplicates } = (await rig.order('/book/summary')) as { duplicates: readonly string[] };
  const unasked = [rig.simulator, ...rig.webs, ...rig.workers].flatMap((part) => part.unasked);
  const problems = [
    ...bound('looked up after a kill: p99', percentile(figures.lookedUp, 0.99), KILLED_P99_MS),
    ...bound('sent after a kill: p99', percentile(figures.sentAfterAll, 0.99), KILLED_P99_MS),
    ...bound('after Redis returned: longest', Math.max(...figures.redis), RETURNED_MS),
    ...bound('after Postgres returned: longest', Math.max(...figures.postgres), RETURNED_MS),
    ...duplicates.map((reference) => `${reference} was executed twice`),
    ...checking.violations,
    ...callers.refused,
    ...unasked,
  ];
  of.print('\nfrom the kill of its worker, or from the return of the server, in seconds');
  row(of.print, 'looked up (mid-sending)', figures.lookedUp);
  row(of.print, 'sent (waiting in a worker’s hands)', figures.sentAfterAll);
  row(of.print, 'everything moves after Redis', figures.redis);
  row(of.print, 'everything moves after Postgres', figures.postgres);
  of.print(`  snapshots read: ${checking.snapshots}`);
  for (const problem of problems) of.print(`- ${problem}`);
  const passed = problems.length === 0;
  of.print(passed ? '\nAll is well: recovery is as fast as promised.' : '\nNot all is well.');
  of.print(`\n${JSON.stringify({ recovery: { rounds: of.rounds, ...figures, problems, passed } })}`);
  return passed;
}

function bound(what: string, ms: number, mostMs: number): string[] {
  return ms <= mostMs ? [] : [`${what} ${seconds(ms)} s, not ${mostMs / 1000} s`];
}

function row(print: (line: string) => void, what: string, times: readonly number[]): void {
  const of = (share: number) => seconds(percentile(times, share)).padStart(6);
  print(
    `  ${what.padEnd(36)} ${String(times.length).padStart(4)}   p50 ${of(0.5)}   p99 ${of(0.99)}   longest ${of(1)}`,
  );
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
