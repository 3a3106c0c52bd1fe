// What the ledger's benchmark prints: a table of medians, the ratios, and the closing line's content.
import { median } from '../harness/figures.ts';
import type { Servers } from '../harness/servers.ts';
import { machineOf } from '../report.ts';
import { BATCH, IN_FLIGHT, type LedgerResults, type TransferSample } from './measure.ts';

export function reportLedger(of: { results: LedgerResults; servers: Servers; print: (line: string) => void }) {
  const { results, print } = of;
  print(`\nTransfers per second, ${IN_FLIGHT} in flight`);
  const names = Object.keys(results) as (keyof LedgerResults)[];
  const figures = Object.fromEntries(names.map((name) => [name, figuresOf(results[name])]));
  print(`${''.padEnd(18)}${'per s'.padStart(8)}${'postgres µs'.padStart(14)}${'node µs'.padStart(10)}`);
  for (const [name, { perSecond, cpuMicros }] of Object.entries(figures)) {
    const cpu = [cpuMicros?.['postgres'], cpuMicros?.['node']].map((value) => value?.toFixed(0) ?? '–');
    print(
      `${name.padEnd(18)}${String(perSecond).padStart(8)}${(cpu[0] ?? '').padStart(14)}${(cpu[1] ?? '').padStart(10)}`,
    );
  }
  const ratios = {
    postToFunction: ratio(results.post, results.function),
    postBatchedToFunction: ratio(results.postBatched, results.function),
    postBatchedToFunctionBatched: ratio(results.postBatched, results.functionBatched),
  };
  print('');
  for (const [name, value] of Object.entries(ratios)) print(`${name.padEnd(30)} ${value.toFixed(2)}`);
  return { machine: machineOf(of.servers), ledger: { inFlight: IN_FLIGHT, batch: BATCH, ...figures }, ratios };
}

function figuresOf(samples: readonly TransferSample[]) {
  const cpu = (part: string) => Math.round(median(samples.map((sample) => sample.cpu?.[part] ?? Number.NaN)));
  return {
    perSecond: Math.round(median(samples.map((sample) => sample.perSecond))),
    cpuMicros: samples.every((sample) => sample.cpu !== null)
      ? { postgres: cpu('postgres'), node: cpu('harness') }
      : null,
  };
}

function ratio(upper: readonly TransferSample[], lower: readonly TransferSample[]): number {
  const rounds = upper.map((sample, round) => sample.perSecond / (lower[round]?.perSecond ?? Number.NaN));
  return Math.round(median(rounds) * 1000) / 1000;
}
