// What a mutation run found, for people as a table and for programs as one line of JSON.
import type { Result } from './mutate.ts';
import { isNoticed } from './mutate.ts';

/** One line per mutation, as soon as it is known. */
export function lineOf(result: Result): string {
  const { mutation, durationMs } = result;
  const mark = isNoticed(result) ? 'noticed ' : 'NOT     ';
  return `${mark} ${mutation.name.padEnd(26)} ${(durationMs / 1000).toFixed(1).padStart(5)} s  ${sayVerdict(result)}`;
}

function sayVerdict({ mutation, verdict }: Result): string {
  switch (verdict.kind) {
    case 'noticed':
      return `"${verdict.by[0]}"${verdict.by.length > 1 ? ` and ${verdict.by.length - 1} more` : ''}`;
    case 'unnoticed':
      return `goes unnoticed by ${mutation.test}`;
    case 'hung':
      return mutation.mayHang ? 'nothing ends without it, as foreseen' : 'the tests did not end in time';
    default:
      return verdict.why;
  }
}

export function tableOf(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { mutation } = result;
    return [mutation.mechanism, mutation.edits[0]?.file ?? '', mutation.removed, sayVerdict(result)];
  });
  const head = ['mechanism', 'file', 'removed', 'noticed by'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

export function jsonOf(baseline: string | null, results: readonly Result[]): string {
  return JSON.stringify({
    ok: baseline === null && results.every(isNoticed),
    baseline: baseline ?? 'passes',
    mutations: results.length,
    noticed: results.filter(isNoticed).length,
    results: results.map((result) => ({
      name: result.mutation.name,
      verdict: result.verdict,
      durationMs: result.durationMs,
    })),
  });
}
