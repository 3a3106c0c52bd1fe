// What the benchmark prints: a table of medians, the ratios, and one closing JSON line.
import { cpus } from 'node:os';
import { median } from './harness/figures.ts';
import type { Sample } from './harness/load.ts';
import type { Servers } from './harness/servers.ts';
import type { PayoutResults, Results } from './payouts.ts';

/** One contestant's medians. Times in milliseconds, processor time in microseconds per payout. */
interface Row {
  readonly perSecond: number;
  readonly settledMs: { readonly p50: number; readonly p99: number } | null;
  readonly acceptMs: { readonly p50: number; readonly p99: number };
  readonly cpuMicros: Readonly<Record<string, number>> | null;
}

const PARTS = ['api', 'worker', 'postgres', 'redis', 'harness'] as const;

function rowOf(samples: readonly Sample[]): Row {
  const middle = (read: (sample: Sample) => number | undefined) => rounded(median(samples.map((s) => read(s) ?? NaN)));
  const times = (read: (sample: Sample) => { p50: number; p99: number } | null) => ({
    p50: middle((s) => read(s)?.p50),
    p99: middle((s) => read(s)?.p99),
  });
  const parts = PARTS.filter((part) => samples.every((sample) => sample.cpu?.[part] !== undefined));
  return {
    perSecond: Math.round(median(samples.map((sample) => sample.perSecond))),
    settledMs: samples.some((sample) => sample.settled !== null) ? times((s) => s.settled) : null,
    acceptMs: times((s) => s.accept),
    cpuMicros:
      parts.length === 0 ? null : Object.fromEntries(parts.map((part) => [part, middle((s) => s.cpu?.[part])])),
  };
}

const rowsOf = (results: Results) => Object.fromEntries(Object.entries(results).map(([name, s]) => [name, rowOf(s)]));

/** The median of the rounds' own ratios: both sides of each were measured within seconds of each other. */
function ratio(of: Results, a: string, b: string, read: (sample: Sample) => number | null): number | null {
  const [upper = [], lower = []] = [of[a], of[b]];
  const rounds = upper.flatMap((sample, round) => {
    const [mine, other] = [read(sample), lower[round] && read(lower[round])];
    return mine === null || !other ? [] : [mine / other];
  });
  return rounds.length === 0 ? null : Math.round(median(rounds) * 1000) / 1000;
}

const rateOf = (sample: Sample) => sample.perSecond;

/** Processor time of everything but the harness: what neighbours on the machine disturb least. */
function costOf({ cpu }: Sample): number | null {
  return cpu === null ? null : PARTS.reduce((sum, part) => sum + (part === 'harness' ? 0 : (cpu[part] ?? 0)), 0);
}

/** Prints the table and gives what the closing line says. */
export function reportPayouts(of: { results: PayoutResults; servers: Servers; print: (line: string) => void }) {
  const { results, print } = of;
  const { settled, accepted, halfRate } = results;
  const settledRows = rowsOf(settled);
  const acceptedRows = rowsOf(accepted);
  const halfRows = halfRate === null ? null : rowsOf(halfRate.of);
  table('From request to booked money', settledRows, print);
  if (halfRows !== null) table(`The same at ${halfRate?.perSecond} per second`, halfRows, print);
  table('Acceptance alone', acceptedRows, print);

  const ratios = {
    productToPlain: ratio(settled, 'product', 'plain', rateOf),
    productToLean: ratio(settled, 'product', 'lean', rateOf),
    productToBatch: ratio(settled, 'product', 'batch', rateOf),
    acceptToBare: ratio(accepted, 'product', 'accept', rateOf),
    cpuProductToPlain: ratio(settled, 'product', 'plain', costOf),
    cpuAcceptToBare: ratio(accepted, 'product', 'accept', costOf),
    p99ToSettledAtHalfRate: quotient(halfRows?.['product']?.settledMs?.p99, halfRows?.['plain']?.settledMs?.p99),
  };
  print('');
  for (const [name, value] of Object.entries(ratios))
    if (value !== null) print(`${name.padEnd(24)} ${value.toFixed(2)}`);
  return {
    machine: machineOf(of.servers),
    settled: settledRows,
    halfRate: halfRate === null ? null : { perSecond: halfRate.perSecond, ...halfRows },
    accepted: acceptedRows,
    ratios,
  };
}

export function machineOf(servers: Servers) {
  return {
    processors: cpus().length,
    node: process.versions.node,
    postgres: servers.serverVersion,
    fsyncMicros: servers.fsyncUs,
  };
}

function table(title: string, rows: Readonly<Record<string, Row>>, print: (line: string) => void): void {
  const names = Object.keys(rows);
  if (names.length === 0) return;
  const pair = (times: { p50: number; p99: number } | null) =>
    times === null ? '–' : `${times.p50.toFixed(0)} / ${times.p99.toFixed(0)}`;
  const cells = names.map((name) => {
    const row = rows[name] as Row;
    const cpu = PARTS.map((part) => row.cpuMicros?.[part]?.toFixed(0) ?? '–');
    return [name, String(row.perSecond), pair(row.settledMs), pair(row.acceptMs), ...cpu];
  });
  const head = ['', 'per s', 'settled ms p50/p99', 'accept ms p50/p99', ...PARTS.map((part) => `${part} µs`)];
  const widths = head.map((cell, column) => Math.max(cell.length, ...cells.map((row) => row[column]?.length ?? 0)));
  print(`\n${title}`);
  for (const row of [head, ...cells]) {
    print(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '));
  }
}

function quotient(a: number | undefined, b: number | undefined): number | null {
  return a === undefined || b === undefined || b === 0 ? null : Math.round((a / b) * 1000) / 1000;
}

function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 10) / 10;
}
