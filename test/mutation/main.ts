// `npm run mutate`: takes each safety mechanism out of a copy of the source and demands that a test notices.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTATIONS } from './catalogue.ts';
import { isNoticed, mutate } from './mutate.ts';
import { jsonOf, lineOf, tableOf } from './report.ts';

const USAGE = `npm run mutate -- [flags]

Takes each safety mechanism out of a copy of the working tree, one at a time, and demands that the test named for it fails.
Ends with 1 when one goes unnoticed, when a mutation no longer fits the source, or when the tests fail as they are.

  --only a,b       only these mutations (--list names them)
  --at-once 2      copies tested at the same time
  --limit 120      seconds that one mutation's tests may take
  --list           names all mutations and what each takes out
  --help           shows this
`;

const say = (line: string) => void process.stdout.write(`${line}\n`);

function complain(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: '' },
        'at-once': { type: 'string', default: '2' },
        limit: { type: 'string', default: '120' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    return complain(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function whole(flag: string, text: string, most: number): number {
  const number = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= most ? number : complain(`--${flag} is a whole number from 1 to ${most}.`);
}

const flags = readFlags();
if (flags.help) {
  say(USAGE);
  process.exit(0);
}
const names = flags.only === '' ? MUTATIONS.map((mutation) => mutation.name) : flags.only.split(',');
const unknown = names.filter((name) => !MUTATIONS.some((mutation) => mutation.name === name));
if (unknown.length > 0) complain(`There is no mutation ${unknown.join(', ')}; --list names them.`);
const mutations = MUTATIONS.filter((mutation) => names.includes(mutation.name));
if (flags.list) {
  for (const mutation of mutations) say(`${mutation.name.padEnd(26)} ${mutation.removed}`);
  process.exit(0);
}

// Children run in groups of their own, which the terminal's Ctrl-C does not reach.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const atOnce = whole('at-once', flags['at-once'], 16);
const limitMs = whole('limit', flags.limit, 3600) * 1000;
say(`${mutations.length} mutations; first their tests as they are …`);
const { baseline, results } = await mutate({
  root: resolve(import.meta.dirname, '../..'),
  mutations,
  atOnce,
  limitMs,
  onResult: (result) => say(lineOf(result)),
});
if (baseline !== null) say(`The tests fail as they are: ${baseline}`);
say(`\n${tableOf(results)}\n`);
say(jsonOf(baseline, results));
process.exitCode = baseline === null && results.every(isNoticed) ? 0 : 1;
