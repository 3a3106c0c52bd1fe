// What the console's benchmark prints: the slowest pages, whatever missed the mark by name, and the closing line's content.
import type { Servers } from '../harness/servers.ts';
import { machineOf } from '../report.ts';
import type { ConsoleResults } from './measure.ts';

/** What a page may take, 95 times of a hundred. */
const MARK_MS = 100;
const SHOWN = 25;

export function reportConsole(of: { results: ConsoleResults; servers: Servers; print: (line: string) => void }) {
  const { results, print } = of;
  const pages = results.pages
    .map(({ name, tookMs, bytes }) => ({ name, ...spread(tookMs), bytes }))
    .toSorted((a, b) => b.p95 - a.p95);
  const width = Math.max(...pages.map(({ name }) => name.length));
  const line = (name: string, cells: readonly string[]) =>
    print(name.padEnd(width) + cells.map((cell) => cell.padStart(10)).join(''));
  print(
    `\nPages of the console over ${results.transactions} transactions and ${results.postings} postings, the slowest first`,
  );
  line('', ['p50 ms', 'p95 ms', 'max ms', 'of mark', 'kB']);
  for (const { name, p50, p95, max, bytes } of pages.slice(0, SHOWN))
    line(name, [...[p50, p95, max].map((ms) => ms.toFixed(1)), (p95 / MARK_MS).toFixed(2), (bytes / 1000).toFixed(0)]);
  const all = spread(results.pages.flatMap(({ tookMs }) => tookMs));
  line(
    `all ${pages.length} pages`,
    [all.p50, all.p95, all.max].map((ms) => ms.toFixed(1)).concat((all.p95 / MARK_MS).toFixed(2)),
  );
  const slow = pages.filter(({ p95 }) => p95 >= MARK_MS).map(({ name }) => name);
  print(
    slow.length === 0
      ? `\nEvery page is below ${MARK_MS} ms at p95.`
      : `\nAt ${MARK_MS} ms or more at p95: ${slow.join('; ')}.`,
  );
  const { transactions, postings } = results;
  return {
    machine: machineOf(of.servers),
    console: { transactions, postings, pages: pages.length, all, slow, slowest: pages.slice(0, SHOWN) },
    ratios: { p95ToMark: round(all.p95 / MARK_MS), slowestP95ToMark: round((pages[0]?.p95 ?? Number.NaN) / MARK_MS) },
  };
}

function spread(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  // The smallest value that so many of a hundred do not exceed.
  const at = (share: number) => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

const round = (value: number) => Math.round(value * 100) / 100;
