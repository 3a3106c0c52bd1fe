// What the soak prints at its end: tables for people, and one JSON line for machines.
import type { SoakResult } from './soak.ts';

const MOST_PROBLEMS = 50;

/** Prints everything, and says whether the run has passed. */
export function reportSoak(result: SoakResult, print: (line: string) => void): boolean {
  const { flags } = result;
  print(`\n${result.answered} payments, seed ${flags.seed}, ${flags.minutes} minutes of faults\n`);
  table('ended as', Object.entries(result.states), print);
  table('killed', Object.entries(result.kills), print);
  table(
    'faults: hits of planned',
    Object.entries(result.faults).map(([name, { hits, planned }]) => [name, `${hits} of ${planned}`]),
    print,
  );
  table('sendings ended as', Object.entries(result.endings), print);
  const quiet = result.quietAfterMs === null ? 'never' : `${(result.quietAfterMs / 1000).toFixed(1)} s`;
  table(
    'proof',
    [
      ['calls that had to be repeated', result.repeated],
      ['snapshots read', result.snapshots],
      ['quiet after the last fault', quiet],
      ['violations', result.problems.length],
    ],
    print,
  );
  for (const problem of result.problems.slice(0, MOST_PROBLEMS)) print(`- ${problem}`);
  if (result.problems.length > MOST_PROBLEMS) print(`- and ${result.problems.length - MOST_PROBLEMS} more`);
  for (const story of result.stories) print(`\n${story}`);
  print(
    result.problems.length === 0
      ? 'All is well: nothing lost, nothing done twice, every snapshot adds up.'
      : `Not all is well. The same payments and faults: npm run chaos -- --payments ${flags.payments} --minutes ${flags.minutes} --every ${flags.everyMs / 1000} --seed ${flags.seed}`,
  );
  const { flags: asked, stories: _, problems, ...rest } = result;
  print(`\n${JSON.stringify({ chaos: { ...asked, ...rest, problems, passed: problems.length === 0 } })}`);
  return problems.length === 0;
}

function table(
  title: string,
  rows: readonly (readonly [string, string | number])[],
  print: (line: string) => void,
): void {
  const width = Math.max(title.length, ...rows.map(([name]) => name.length));
  print(title);
  for (const [name, value] of rows) print(`  ${name.padEnd(width)}  ${String(value).padStart(10)}`);
  print('');
}
