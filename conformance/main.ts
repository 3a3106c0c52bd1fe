// `npm run conformance`: holds an adapter against the simulator point by point, prints what was seen, and a closing JSON line.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadAdapter } from './adapter.ts';
import { POINTS, type Result, runPoints } from './run.ts';

const USAGE = `npm run conformance -- [flags]

Holds an adapter of the provider port against the simulator. Exit code 0: it conforms; 1: it does not; 2: it could not be tried.

  --adapter <path>   a module that exports openProvider(opening); ours unless given (docs/conformance.md)
  --only a,b         these points alone
  --list             names the points and says what each expects
  --help             shows this`;

const OURS = resolve(import.meta.dirname, 'eversend.ts');
const MARKS = { pass: 'pass', fail: 'FAIL', skip: 'skip' } as const;

function lineOf({ point, verdict, seen }: Result): string {
  return `${MARKS[verdict]}  ${point.id.padEnd(20)}  ${point.expected}  Seen: ${seen}`;
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      adapter: { type: 'string', default: OURS },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const wanted = values.only?.split(',').map((id) => id.trim());
  const stranger = wanted?.find((id) => !POINTS.some((point) => point.id === id));
  if (stranger !== undefined) throw new Error(`There is no point ${stranger}: --list names them all.`);
  const points = POINTS.filter((point) => wanted?.includes(point.id) ?? true);
  if (values.list) {
    for (const { id, expected } of points) console.log(`${id.padEnd(20)}  ${expected}`);
    return 0;
  }
  const adapter = await loadAdapter(resolve(values.adapter));
  const results = await runPoints({ adapter, points, told: (result) => console.log(lineOf(result)) });
  const count = (verdict: Result['verdict']) => results.filter((result) => result.verdict === verdict).length;
  const failed = results.filter(({ verdict }) => verdict === 'fail').map(({ point }) => point.id);
  const conformance = { points: results.length, passed: count('pass'), skipped: count('skip'), failed };
  console.log(`\n${JSON.stringify({ conformance })}`);
  return failed.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
