// The ledger's benchmark: transfers through post() and through the yardstick, singly and in batches, in turn.
import type { Flags } from '../flags.ts';
import { type CpuReading, perItem, readCpu } from '../harness/cpu.ts';
import type { Servers } from '../harness/servers.ts';
import { openPlainTransfers } from './plain-transfers.ts';
import { openPostedTransfers } from './posted-transfers.ts';

/** Something that makes transfers between random wallets. */
export interface Transfers {
  /** Makes `count` transfers in one commit. */
  transfer(count: number): Promise<void>;
  close(): Promise<void>;
}

/** One round of one contestant; processor time in microseconds per transfer. */
export interface TransferSample {
  readonly perSecond: number;
  readonly cpu: CpuReading | null;
}

export type LedgerResults = Readonly<Record<'function' | 'post' | 'functionBatched' | 'postBatched', TransferSample[]>>;

export const IN_FLIGHT = 8;
export const BATCH = 100;
/** So many that batches in flight together seldom share one; the same number on both sides. */
const WALLETS = 20_000;

export async function measureLedger(of: {
  flags: Flags;
  servers: Servers;
  cleanup: AsyncDisposableStack;
  say: (sentence: string) => void;
}): Promise<LedgerResults> {
  const { flags, servers, cleanup, say } = of;
  const plain = await openPlainTransfers(await servers.createDatabase('plain_ledger'), WALLETS, IN_FLIGHT);
  cleanup.defer(() => plain.close());
  const posted = await openPostedTransfers(await servers.createDatabase('product_ledger'), WALLETS, IN_FLIGHT);
  cleanup.defer(() => posted.close());
  const results: LedgerResults = { function: [], post: [], functionBatched: [], postBatched: [] };
  const contestants = [
    ['function', plain, 1],
    ['post', posted, 1],
    ['functionBatched', plain, BATCH],
    ['postBatched', posted, BATCH],
  ] as const;
  for (let round = 0; round < flags.rounds; round += 1) {
    for (const [name, transfers, count] of contestants) {
      await servers.administer('CHECKPOINT');
      const sample = await run(transfers, count, flags, servers);
      results[name].push(sample);
      say(`round ${round + 1}: ${name} ${Math.round(sample.perSecond)} transfers per second`);
    }
  }
  return results;
}

async function run(transfers: Transfers, count: number, flags: Flags, servers: Servers): Promise<TransferSample> {
  const windowStart = performance.now() + flags.warmUpSeconds * 1000;
  const windowEnd = windowStart + flags.seconds * 1000;
  const read = () => readCpu({ single: {}, trees: { postgres: servers.postgresPid }, except: 0 });
  let before: CpuReading | null = null;
  let done = 0;
  let beganAt = 0;
  const loop = async () => {
    for (let now = performance.now(); now < windowEnd; now = performance.now()) {
      // The window begins for all of them when the first one has passed its start.
      if (beganAt === 0 && now >= windowStart) {
        beganAt = now;
        before = read();
      }
      await transfers.transfer(count);
      if (beganAt > 0) done += count;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
  return { perSecond: done / ((performance.now() - beganAt) / 1000), cpu: perItem(before, read(), done) };
}
