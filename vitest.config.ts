// How the tests run: one embedded PostgreSQL for the whole run, three files at a time, since many of them wait for processes. `npm run coverage` also counts what they reach.
import { statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const MEMORY = '/dev/shm';
const ENOUGH_BYTES = 4 * 2 ** 30;

/** What tests write ends with them, so it need not reach a disk: databases are made ten times as fast in memory, if there is enough. */
function hasMemoryToSpare(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return Math.min(bavail * bsize, freemem()) >= ENOUGH_BYTES;
  } catch {
    return false;
  }
}
if (process.env['TMPDIR'] === undefined && hasMemoryToSpare()) process.env['TMPDIR'] = MEMORY;

// Hundreds of processes are started, and most of a start is compiling.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules', '.cache', 'compiled');

/** What must be covered to the last branch: rows, money, states, and whatever judges an input. */
const PROVEN = [
  'src/{errors,ids,money,names,vault}.ts',
  'src/audit/audit.ts',
  'src/collections/corridors.ts',
  'src/earnings/*.ts',
  'src/http/{cursor,field-errors,idempotency,inputs,phone-problem,query,read-amount,strict-json}.ts',
  'src/http/{beneficiary,collection,payout,recipient,refund}-input.ts',
  'src/ledger/*.ts',
  'src/merchants/*.ts',
  'src/payouts/{account-number,corridors}.ts',
  'src/pricing/*.ts',
  'src/provider/eversend/{messages,retry-after,signature}.ts',
  'src/transactions/{attempt,backoff,case,states,transaction}.ts',
  'src/webhooks/{claim,webhook-event}.ts',
];

// Minutes of browsers, hostile requests, whole systems, killed processes and restored backups: `npm run proofs`. The rest is `npm test`.
const PROOFS = [
  'test/admin/{browser,every-page,planted}.test.ts',
  'test/chaos/{bank,points,scenes}.test.ts',
  'test/http/hostile.test.ts',
  'test/local/start.test.ts',
  'test/personal-data/canaries.test.ts',
  'test/scenarios/*.test.ts',
];

const COUNTED = process.argv.includes('--coverage');

export default defineConfig({
  test: {
    projects: [
      // Files share their worker's modules, which would take a third of the time to load anew for each: no test may change a module.
      // Not where it is counted what they reach: a function that V8 has optimised before is not counted again.
      { extends: true, test: { name: 'tests', include: ['test/**/*.test.ts'], exclude: PROOFS, isolate: COUNTED } },
      { extends: true, test: { name: 'proofs', include: PROOFS } },
    ],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 20_000,
    coverage: {
      provider: 'v8',
      include: PROVEN,
      reporter: ['text', 'json-summary'],
      thresholds: { 100: true, perFile: true },
      reportOnFailure: true,
    },
  },
});
