// Drives one subject: a fixed number of payouts outstanding, or a fixed number per second, and measures in a window after warming up.
import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import { type CpuReading, perItem, readCpu } from './cpu.ts';
import { type Percentiles, percentiles } from './figures.ts';
import { payoutBody, type Subject } from './subject.ts';
import { openWatch, type Watch } from './watch.ts';

/** One measurement: what ended within the window. Times in milliseconds, processor time in microseconds per payout. */
export interface Sample {
  readonly perSecond: number;
  readonly accept: Percentiles;
  /** Null when only acceptance was measured. */
  readonly settled: Percentiles | null;
  readonly cpu: CpuReading | null;
}

export interface Machine {
  readonly postgresPid: number;
  readonly redisPid: number;
}

export interface Load {
  /** Until `accepted`, or until `settled`. */
  readonly until: 'accepted' | 'settled';
  /** Closed loop: how many are outstanding. Open loop: how many begin each second, whatever comes of the earlier ones. */
  readonly pace: { readonly outstanding: number } | { readonly perSecond: number };
  readonly warmUpMs: number;
  readonly windowMs: number;
}

const TICK_MS = 2;
const MAX_CONNECTIONS = 256;
let runs = 0;

/** Runs one load to its end and lets everything it began come to its end too. Raises when anything went wrong on the way. */
export async function drive(subject: Subject, machine: Machine, load: Load): Promise<Sample> {
  runs += 1;
  const run = `${Date.now().toString(36)}${runs}`;
  const connections = 'outstanding' in load.pace ? load.pace.outstanding : MAX_CONNECTIONS;
  const pool = new Pool(subject.apiUrl, { connections, pipelining: 1 });
  const watch = await openWatch({ url: subject.databaseUrl, endedText: subject.endedText });
  try {
    return await measure({ subject, machine, load, run, pool, watch });
  } finally {
    await watch.close();
    await pool.destroy();
  }
}

async function measure(of: {
  subject: Subject;
  machine: Machine;
  load: Load;
  run: string;
  pool: Pool;
  watch: Watch;
}): Promise<Sample> {
  const { subject, machine, load, run, pool, watch } = of;
  const beganAt = performance.now();
  const windowStart = beganAt + load.warmUpMs;
  const windowEnd = windowStart + load.windowMs;
  const acceptMs: number[] = [];
  const settledMs: number[] = [];
  const inWindow = (at: number) => at >= windowStart && at < windowEnd;
  let n = 0;

  async function one(startedAt: number) {
    n += 1;
    const response = await pool.request({
      method: 'POST',
      path: '/v1/payouts',
      headers: { 'content-type': 'application/json', ...subject.headers(n), 'idempotency-key': `bench-${run}-${n}` },
      body: payoutBody(run, n),
    });
    const text = await response.body.text();
    if (response.statusCode !== 202) throw new Error(`${subject.name} answered ${response.statusCode}: ${text}`);
    const acceptedAt = performance.now();
    if (inWindow(acceptedAt)) acceptMs.push(acceptedAt - startedAt);
    if (load.until === 'accepted') return;
    await watch.settled((JSON.parse(text) as { id: string }).id);
    const settledAt = performance.now();
    if (inWindow(settledAt)) settledMs.push(settledAt - startedAt);
  }

  const read = () =>
    readCpu({
      single: subject.processes,
      trees: { postgres: machine.postgresPid, redis: machine.redisPid },
      except: watch.backendPid,
    });
  const readings = Promise.all([
    wait(Math.max(0, windowStart - performance.now())).then(read),
    wait(Math.max(0, windowEnd - performance.now())).then(read),
  ]);

  if ('outstanding' in load.pace) {
    const loop = async () => {
      while (performance.now() < windowEnd) await one(performance.now());
    };
    await Promise.all(Array.from({ length: load.pace.outstanding }, loop));
  } else {
    const everyMs = 1000 / load.pace.perSecond;
    const begun: Promise<void>[] = [];
    const failures: unknown[] = [];
    // Latency counts from when a payout was due to begin, so that a stall is not hidden by starting late.
    for (let dueAt = beganAt; dueAt < windowEnd && failures.length === 0; dueAt += everyMs) {
      while (performance.now() < dueAt) await wait(TICK_MS);
      begun.push(one(dueAt).catch((error: unknown) => void failures.push(error)));
    }
    await Promise.all(begun);
    if (failures.length > 0) throw failures[0];
  }

  const [before, after] = await readings;
  const done = load.until === 'accepted' ? acceptMs.length : settledMs.length;
  return {
    perSecond: done / (load.windowMs / 1000),
    accept: percentiles(acceptMs),
    settled: load.until === 'accepted' ? null : percentiles(settledMs),
    cpu: perItem(before, after, done),
  };
}
