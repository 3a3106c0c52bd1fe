// `npm run fuzz`: the whole hostile corpus over real connections against a private system; ends with 1 when anything gave way.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { table } from '../../src/cli/table.ts';
import { type Description, type Shot, shotsOf } from './shots.ts';
import { startTarget, type Target } from './target.ts';
import { createdBy, faultOf, isTransaction } from './verdict.ts';

const USAGE = `npm run fuzz -- [flags]

Starts a private system (database, simulator, API, worker) and sends everything hostile that is known to every field, query parameter,
path and header of every route of its description, and bodies bent at random. Ends with 1 on any answer of 500 or more, on anything
taken that must be refused, on a process that ended, and on rows that no accepted request explains.

  --seed <text>      the same seed gives the same requests in the same order (default: chosen, and printed)
  --bent 3000        how many bodies are bent at random
  --seconds 300      ends after so long; what it has sent by then must be 20,000 at least, or all
  --help             shows this`;

const AT_ONCE = 32;
const SHOWN_FAULTS = 20;
/** What a run must have sent to prove anything. */
const ENOUGH = 20_000;

interface Counted {
  sent: number;
  refused: number;
  taken: number;
  faults: number;
}

const print = (line: string) => void process.stdout.write(`${line}\n`);

async function fuzz(target: Target, of: { seed: string; bent: number; seconds: number }) {
  const pool = new Pool(target.url, { connections: AT_ONCE, headersTimeout: 30_000, bodyTimeout: 30_000 });
  const description = (await (await fetch(`${target.url}/openapi.json`)).json()) as Description;
  const shots = shotsOf(description, of);
  const counts = new Map<string, Counted>();
  const faults: string[] = [];
  const created = new Set<string>();
  const before = await target.rows();
  const endsAt = performance.now() + of.seconds * 1000;
  let next = 0;

  const fire = async (shot: Shot): Promise<void> => {
    const { method, path, body } = shot;
    const headers = { authorization: `Bearer ${target.apiKey}`, ...shot.headers };
    const sent = await pool
      .request({ method, path, headers, ...(body === undefined ? {} : { body }) })
      .then(async (answer) => ({ status: answer.statusCode, text: await answer.body.text() }))
      .catch((error: Error) => ({ status: 599, text: error.message }));
    const fault = faultOf(shot, sent);
    const count = counts.get(shot.kind) ?? { sent: 0, refused: 0, taken: 0, faults: 0 };
    counts.set(shot.kind, count);
    count.sent += 1;
    if (sent.status >= 400) count.refused += 1;
    else count.taken += 1;
    if (fault !== null) {
      count.faults += 1;
      faults.push(fault);
    }
    const id = createdBy(sent);
    if (id !== null) created.add(id);
  };
  const shooter = async () => {
    for (;;) {
      const shot = shots[next];
      if (shot === undefined || performance.now() > endsAt) return;
      next += 1;
      await fire(shot);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, shooter));
  await pool.close();

  const after = await target.rows();
  const ofBulks = after.of_bulks - before.of_bulks;
  const expected = {
    transactions: [...created].filter(isTransaction).length + ofBulks,
    idempotency_keys: created.size + ofBulks,
  };
  for (const name of ['transactions', 'idempotency_keys'] as const)
    if (after[name] - before[name] !== expected[name])
      faults.push(`${after[name] - before[name]} rows in ${name}, and ${expected[name]} requests that explain them`);
  if (after.nameless_events !== before.nameless_events) faults.push('a webhook event without a signature was stored');
  faults.push(...target.ended().map((words) => `a process ended: ${words}`));
  return { counts, faults, accepted: created.size, sent: next, left: shots.length - next };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    strict: true,
    options: {
      seed: { type: 'string', default: randomBytes(4).toString('hex') },
      bent: { type: 'string', default: '3000' },
      seconds: { type: 'string', default: '300' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return print(USAGE);
  const [bent, seconds] = [Number(values.bent), Number(values.seconds)];
  if (!(Number.isInteger(bent) && bent >= 0 && bent <= 1_000_000 && seconds > 0 && seconds <= 3600))
    throw new Error('--bent must be a whole number up to 1000000, and --seconds a number up to 3600.');
  print(`seed ${values.seed}`);
  const folder = mkdtempSync(join(tmpdir(), 'eversend-payments-fuzz-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const startedAt = performance.now();
  const target = await startTarget(folder, cleanup);
  const { counts, faults, accepted, sent, left } = await fuzz(target, { seed: values.seed, bent, seconds });
  const rows = [...counts].map(([kind, { sent, refused, taken, faults }]) => [kind, sent, refused, taken, faults]);
  print(
    table(['what', 'sent', 'refused', 'harmless', 'faults'], rows, {
      right: ['sent', 'refused', 'harmless', 'faults'],
    }),
  );
  for (const fault of faults.slice(0, SHOWN_FAULTS)) print(fault);
  // In a random order, so what a slow machine has no time for is a sample left out, and no field of its own.
  const ok = faults.length === 0 && (left === 0 || sent >= ENOUGH);
  print(
    JSON.stringify({
      ok,
      seed: values.seed,
      requests: sent,
      left,
      accepted,
      faults: faults.length,
      seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    }),
  );
  if (!ok) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
}
