// The payouts' benchmark: every contestant in turn, round after round, so that a change of the machine's mood meets all of them.
import type { Contestant, Flags } from './flags.ts';
import { median } from './harness/figures.ts';
import { drive, type Load, type Sample } from './harness/load.ts';
import { startProvider } from './harness/provider.ts';
import type { Servers } from './harness/servers.ts';
import type { Subject } from './harness/subject.ts';
import { startProduct } from './product/start.ts';
import { startSkeleton } from './skeleton/start.ts';

/** Samples of one contestant in one discipline, one per round. */
export type Results = Readonly<Record<string, readonly Sample[]>>;

export interface PayoutResults {
  /** From the request until the money is booked, as fast as it goes. */
  readonly settled: Results;
  /** The same at a fixed rate that both contestants can keep up with; null without both. */
  readonly halfRate: { readonly perSecond: number; readonly of: Results } | null;
  /** Acceptance alone, with no worker running. */
  readonly accepted: Results;
}

const WEBHOOK_SECRET = 'bench-webhook-secret-0123456789abcdef';

export async function measurePayouts(of: {
  flags: Flags;
  servers: Servers;
  cleanup: AsyncDisposableStack;
  say: (sentence: string) => void;
}): Promise<PayoutResults> {
  const { flags, servers, say } = of;
  const subjects = await startAll(of);
  const pace = { outstanding: flags.outstanding };
  const warmUpMs = flags.warmUpSeconds * 1000;
  const long: Load = { until: 'settled', pace, warmUpMs, windowMs: flags.seconds * 1000 };
  const short: Load = { until: 'accepted', pace, warmUpMs: warmUpMs / 2, windowMs: flags.seconds * 500 };

  /** Runs each subject once per round; every round begins with another one. */
  async function rounds(names: readonly Contestant[], count: number, load: Load): Promise<Results> {
    const present = names.flatMap((name) => subjects.get(name) ?? []);
    const results: Record<string, Sample[]> = Object.fromEntries(present.map(({ name }) => [name, []]));
    for (let round = 0; round < count; round += 1) {
      for (let turn = 0; turn < present.length; turn += 1) {
        const subject = present[(turn + round) % present.length] as Subject;
        await servers.administer('CHECKPOINT');
        const sample = await drive(subject, servers, load);
        results[subject.name]?.push(sample);
        say(`round ${round + 1}: ${subject.name} ${load.until} ${Math.round(sample.perSecond)} per second`);
      }
    }
    return results;
  }

  // Code is compiled as it runs, and the product has more of it: everybody runs once before anything counts.
  for (const subject of subjects.values()) {
    await drive(subject, servers, {
      ...(subject.name === 'accept' ? short : long),
      warmUpMs: 0,
      windowMs: 2 * warmUpMs,
    });
  }
  const settled = await rounds(['plain', 'lean', 'batch', 'product'], flags.rounds, long);
  const [plain, product] = [settled['plain'], settled['product']].map((samples) =>
    median((samples ?? []).map((sample) => sample.perSecond)),
  );
  let halfRate: PayoutResults['halfRate'] = null;
  if (plain && product) {
    const perSecond = Math.max(1, Math.floor(Math.min(plain, product) / 2));
    halfRate = { perSecond, of: await rounds(['plain', 'product'], 1, { ...long, pace: { perSecond } }) };
  }
  let accepted: Results = {};
  if (flags.only.includes('accept')) {
    await subjects.get('product')?.stopWorker();
    accepted = await rounds(['accept', 'product'], flags.rounds, short);
  }
  return { settled, halfRate, accepted };
}

async function startAll(of: {
  flags: Flags;
  servers: Servers;
  cleanup: AsyncDisposableStack;
  say: (sentence: string) => void;
}): Promise<ReadonlyMap<Contestant, Subject>> {
  const { flags, servers, cleanup } = of;
  const subjects = new Map<Contestant, Subject>();
  for (const [index, name] of flags.only.entries()) {
    const provider = await startProvider({ webhookSecret: WEBHOOK_SECRET });
    cleanup.defer(() => provider.close());
    cleanup.defer(() => of.say(`${name}: the provider counted ${JSON.stringify(provider.counts)}`));
    const common = { servers, provider, redisDatabase: index, cleanup };
    subjects.set(
      name,
      name === 'product'
        ? await startProduct({ ...common, profile: flags.profile })
        : await startSkeleton({ ...common, variant: name }),
    );
  }
  return subjects;
}
