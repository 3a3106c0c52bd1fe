// Takes mechanisms out one by one and says which test noticed; but first, that all of those tests pass while nothing is missing.
import { applyEdits, copyTree } from './copy.ts';
import type { Mutation, Verdict } from './mutation.ts';
import { type Outcome, runTests } from './run-tests.ts';

export interface Result {
  readonly mutation: Mutation;
  readonly verdict: Verdict;
  readonly durationMs: number;
}

export interface Options {
  /** The tree; it is copied and never written to. */
  readonly root: string;
  readonly mutations: readonly Mutation[];
  /** So many copies are tested at the same time. */
  readonly atOnce: number;
  /** Of one mutation's run. */
  readonly limitMs: number;
  readonly onResult?: (result: Result) => void;
}

/** `baseline` is what is wrong before anything is taken out; then nothing is tried, since nothing could be learnt. */
export async function mutate(of: Options): Promise<{ baseline: string | null; results: readonly Result[] }> {
  const baseline = await checkBaseline(of);
  if (baseline !== null) return { baseline, results: [] };
  const results: Result[] = [];
  const waiting = of.mutations.entries();
  const hand = async () => {
    for (const [at, mutation] of waiting) {
      const startedAt = performance.now();
      const verdict = await judge(of, mutation);
      const result = { mutation, verdict, durationMs: Math.round(performance.now() - startedAt) };
      results[at] = result;
      of.onResult?.(result);
    }
  };
  await Promise.all(Array.from({ length: of.atOnce }, hand));
  return { baseline: null, results };
}

async function checkBaseline({ root, mutations, limitMs }: Options): Promise<string | null> {
  const copy = copyTree(root);
  try {
    const files = [...new Set(mutations.map((mutation) => mutation.test))];
    const sentences = [...new Set(mutations.flatMap(({ notices, holds }) => [...notices, holds]))];
    const outcome = await runTests({ folder: copy.folder, files, sentences, limitMs: limitMs * files.length });
    if (outcome === null) return 'the tests did not end in time though nothing was taken out';
    if (outcome.failed.length > 0) return `these fail though nothing was taken out: ${outcome.failed.join('; ')}`;
    return outcome.passed.length === 0 ? `no test ran: ${outcome.trouble}` : null;
  } finally {
    copy.remove();
  }
}

async function judge({ root, limitMs }: Options, mutation: Mutation): Promise<Verdict> {
  const copy = copyTree(root);
  try {
    const why = applyEdits(copy.folder, mutation.edits);
    if (why !== null) return { kind: 'does_not_apply', why };
    const sentences = [...mutation.notices, mutation.holds];
    const outcome = await runTests({ folder: copy.folder, files: [mutation.test], sentences, limitMs });
    if (outcome === null) return { kind: 'hung' };
    return verdictOf(mutation, outcome);
  } finally {
    copy.remove();
  }
}

function verdictOf({ notices, holds, test }: Mutation, { passed, failed, trouble }: Outcome): Verdict {
  if (passed.length + failed.length === 0) return { kind: 'breaks_everything', why: `no test ran: ${trouble}` };
  const missing = [...notices, holds].find((sentence) => ![...passed, ...failed].some((one) => one.includes(sentence)));
  if (missing !== undefined) return { kind: 'no_such_test', why: `${test} has no test "${missing}"` };
  if (!passed.some((one) => one.includes(holds))) {
    return { kind: 'breaks_everything', why: `"${holds}" must hold without it, and fails` };
  }
  const by = failed.filter((one) => notices.some((sentence) => one.includes(sentence)));
  return by.length > 0 ? { kind: 'noticed', by } : { kind: 'unnoticed' };
}

/** Whether the mechanism is proven: its absence was noticed, or made everything stand still where that was foreseen. */
export function isNoticed({ mutation, verdict }: Result): boolean {
  return verdict.kind === 'noticed' || (verdict.kind === 'hung' && mutation.mayHang === true);
}
