// `npm run chaos -- --bank`: the bank undisturbed, the bank with Postgres going down, and everybody between two wallets.
import type { Progress } from '../soak/progress.ts';
import { type BankOptions, type BankResult, bank, type Pace } from './bank.ts';

const SIZE = { currencies: ['UGX', 'KES'], walletsEach: 10, clients: 32, readers: 8, checkEveryMs: 5000 };
const FAULT_EVERY_MS = 10_000;
const BETWEEN_TWO = 10_000;
/** Of the transfers between two wallets, so many may have to be tried again. */
const DEADLOCK_SHARE = 0.001;

/** Whether every read added up, nothing acknowledged was lost, and nobody met an error. */
export async function runBank(of: {
  minutes: number;
  progress: Progress;
  print: (line: string) => void;
}): Promise<boolean> {
  const lasts: Pace = { isOver: ({ ms }) => ms >= of.minutes * 60_000 };
  const isFaultDue: Pace['isFaultDue'] = ({ ms, faults }) => ms >= FAULT_EVERY_MS * (faults + 1);
  const rounds: Record<string, BankOptions> = {
    undisturbed: { ...SIZE, pace: lasts },
    'with restarts and cuts': { ...SIZE, pace: { ...lasts, isFaultDue } },
    'two wallets': {
      ...SIZE,
      currencies: ['UGX'],
      walletsEach: 2,
      readers: 1,
      pace: { isOver: ({ transfers }) => transfers >= BETWEEN_TWO },
    },
  };
  const results: Record<string, BankResult> = {};
  for (const [name, options] of Object.entries(rounds)) {
    let now = '';
    const isOver: Pace['isOver'] = (done) => {
      now = `${name}: ${done.transfers} transfers, ${done.faults} faults`;
      return options.pace.isOver(done);
    };
    const stopShowing = of.progress(async () => now);
    try {
      const result = await bank({ ...options, pace: { ...options.pace, isOver } });
      results[name] = { ...result, problems: [...result.problems, ...deadlockProblems(result)] };
    } finally {
      stopShowing();
    }
    report(name, results[name] as BankResult, of.print);
  }
  const passed = Object.values(results).every(({ problems }) => problems.length === 0);
  of.print(passed ? 'All is well: every read added up, and every acknowledged transfer is there.' : 'Not all is well.');
  of.print(`\n${JSON.stringify({ bank: { minutes: of.minutes, rounds: results, passed } })}`);
  return passed;
}

function deadlockProblems({ acknowledged, deadlocks }: BankResult): string[] {
  return deadlocks > acknowledged * DEADLOCK_SHARE ? [`${deadlocks} deadlocks among ${acknowledged} transfers`] : [];
}

function report(name: string, result: BankResult, print: (line: string) => void): void {
  print(`\n${name}`);
  const rows: readonly (readonly [string, number])[] = [
    ['transfers acknowledged', result.acknowledged],
    ['transfers refused: the wallet did not cover them', result.refused],
    ['a second', Math.round(result.acknowledged / result.seconds)],
    ['calls cut off and made again', result.unheard],
    ['restarts of Postgres', result.restarts],
    ['cuts', result.cuts],
    ['deadlocks', result.deadlocks],
    ['reads', result.reads],
    ['looks at the whole book', result.snapshots],
    ['problems', result.problems.length],
  ];
  for (const [what, value] of rows) print(`  ${what.padEnd(50)} ${String(value).padStart(8)}`);
  for (const problem of result.problems.slice(0, 20)) print(`- ${problem}`);
  print('');
}
