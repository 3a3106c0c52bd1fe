// Measures one file of ten thousand payouts, 300 of them wrong: until it is answered, until all are payouts, and what others notice.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Flags } from './flags.ts';
import { median, type Percentiles, percentiles } from './harness/figures.ts';
import { startProvider } from './harness/provider.ts';
import type { Servers } from './harness/servers.ts';
import { payoutBody, type Subject } from './harness/subject.ts';
import { startProduct } from './product/start.ts';
import { machineOf } from './report.ts';

const ROWS = 10_000;
const WRONG = 300;
/** Between two readings of somebody else. */
const PULSE_MS = 5;

interface Round {
  readonly answeredMs: number;
  readonly acceptedMs: number;
  readonly before: Percentiles;
  readonly meanwhile: Percentiles;
}

export async function measureBulk(of: {
  flags: Flags;
  servers: Servers;
  cleanup: AsyncDisposableStack;
  say: (sentence: string) => void;
}): Promise<readonly Round[]> {
  const { flags, servers, cleanup, say } = of;
  const provider = await startProvider({ webhookSecret: 'bench' });
  cleanup.defer(() => provider.close());
  const product = await startProduct({ servers, provider, redisDatabase: 0, cleanup, profile: flags.profile });
  const pool = new Pool(product.apiUrl, { connections: 4 });
  cleanup.defer(() => pool.close());
  const rounds: Round[] = [];
  for (let round = 0; round < flags.rounds; round += 1) {
    await servers.administer('CHECKPOINT');
    const done = await oneFile(pool, product, `bulk-${round}`, flags.warmUpSeconds * 1000);
    rounds.push(done);
    say(
      `round ${round + 1}: answered in ${Math.round(done.answeredMs)} ms, all payouts after ${Math.round(done.acceptedMs)} ms`,
    );
  }
  return rounds;
}

async function oneFile(pool: Pool, product: Subject, run: string, quietMs: number): Promise<Round> {
  const rows = Array.from({ length: ROWS }, (_, n) => ({
    ...JSON.parse(payoutBody(run, n)),
    ...(n % Math.floor(ROWS / WRONG) === 0 && n < WRONG * Math.floor(ROWS / WRONG) ? { amount: '0' } : {}),
  }));
  const headers = { ...product.headers(0), 'content-type': 'application/json', 'idempotency-key': randomUUID() };
  const body = JSON.stringify({ payouts: rows });
  const quiet = pulse(pool, product);
  await wait(Math.max(quietMs, 500));
  const before = await quiet();
  const others = pulse(pool, product);
  const began = performance.now();
  const answer = await pool.request({ method: 'POST', path: '/v1/payouts/bulk', headers, body });
  const bulk = (await answer.body.json()) as { id: string; refused: number };
  const answeredMs = performance.now() - began;
  if (answer.statusCode !== 202 || bulk.refused !== WRONG)
    throw new Error(`the bulk was answered ${answer.statusCode}`);
  const meanwhile = await others();
  for (let status = 'accepting'; status === 'accepting'; await wait(20)) {
    const path = `/v1/payouts/bulk/${bulk.id}`;
    const now = await pool.request({ method: 'GET', path, headers: product.headers(0) });
    status = ((await now.body.json()) as { status: string }).status;
  }
  return { answeredMs, acceptedMs: performance.now() - began, before, meanwhile };
}

/** Reads as somebody else would, again and again, until the function it gives is called. */
function pulse(pool: Pool, product: Subject): () => Promise<Percentiles> {
  const tookMs: number[] = [];
  let stopped = false;
  const beating = (async () => {
    while (!stopped) {
      const at = performance.now();
      const { body } = await pool.request({ method: 'GET', path: '/v1/wallets?limit=1', headers: product.headers(1) });
      await body.dump();
      tookMs.push(performance.now() - at);
      await wait(PULSE_MS);
    }
  })();
  return async () => {
    stopped = true;
    await beating;
    return percentiles(tookMs);
  };
}

export function reportBulk(of: { results: readonly Round[]; servers: Servers; print: (line: string) => void }) {
  const middle = (figure: (round: Round) => number) => Math.round(median(of.results.map(figure)) * 10) / 10;
  const figures = {
    rows: ROWS,
    wrong: WRONG,
    answeredMs: middle((round) => round.answeredMs),
    acceptedMs: middle((round) => round.acceptedMs),
    othersBeforeP99Ms: middle((round) => round.before.p99),
    othersMeanwhileP99Ms: middle((round) => round.meanwhile.p99),
  };
  of.print(`\nOne file of ${ROWS} payouts, ${WRONG} of them wrong; median of ${of.results.length}`);
  for (const [name, value] of Object.entries(figures)) of.print(`${name.padEnd(24)}${String(value).padStart(10)}`);
  return { machine: machineOf(of.servers), bulk: figures };
}
