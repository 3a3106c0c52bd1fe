// `npm run demo`: sends the sample batch to a running system through its public API, follows it to the end, and looks at the books.
import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createClient } from '../src/client/client.ts';
import { ConfigurationError, readVariables } from '../src/config.ts';
import { readCredentials } from '../src/local/credentials.ts';
import { prepareDemo } from '../src/local/demo-merchant.ts';
import { readConfigBesideLocal } from '../src/local/environment.ts';
import { type Books, readBooks } from './books.ts';
import { SAMPLE_FILE } from './generate.ts';
import { outcomeTable, reasonTable, rowProblems, surprises } from './outcome.ts';
import { showProgress } from './progress.ts';
import { readRows } from './rows.ts';
import { Hopeless, Run } from './run.ts';

interface Options {
  readonly url?: string;
  readonly key?: string;
  readonly prepare?: boolean;
  readonly file: string;
  readonly concurrency: number;
  readonly patience: number;
}

const MOST_SHOWN = 10;

function whole(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new InvalidArgumentError('Give a whole number above zero.');
  return Number(text);
}

const program = new Command('demo')
  .description('Sends a batch of payments to a running system and follows it to the end.')
  .addOption(
    new Option('--url <url>', 'origin and BASE_PATH, without /v1; that of `npm start` unless said').env('DEMO_API_URL'),
  )
  .addOption(new Option('--key <key>', "API key; the demo merchant's unless said").env('DEMO_API_KEY'))
  .option('--prepare', 'make the demo merchant, its tariffs and money first, in the database of this environment')
  .option('--file <csv>', 'the batch', SAMPLE_FILE)
  .option('--concurrency <count>', 'how many payments are sent at once', whole, 16)
  .option('--patience <seconds>', 'how long a restart, or an unfinished payment, is waited for', whole, 120);

/** Where to send: as told, or where `npm start` says it runs. Raises Hopeless. */
async function access(options: Options): Promise<{ url: string; key: string }> {
  const { DATA_DIR } = readVariables(['DATA_DIR']);
  const { apiUrl, apiKey } = readCredentials(DATA_DIR);
  const prepared = options.prepare
    ? await prepareDemo({ config: readConfigBesideLocal(), known: {}, simulated: true })
    : { apiKey };
  const [url, key] = [options.url ?? apiUrl, options.key ?? prepared.apiKey];
  if (url === undefined || key === undefined)
    throw new Hopeless(
      'There is no system to send to: start one with `npm start`, or give --url and --key (or --prepare).',
    );
  return { url, key };
}

async function demo(options: Options): Promise<readonly string[]> {
  const { url, key } = await access(options);
  const rows = readRows(options.file);
  const patienceMs = options.patience * 1000;
  let repeated = 0;
  const client = createClient({
    baseUrl: url,
    apiKey: key,
    deadlineMs: patienceMs,
    retries: Number.POSITIVE_INFINITY,
    onRetry: () => {
      repeated += 1;
    },
  });
  const run = new Run(client, rows, randomInt(36 ** 7, 36 ** 8).toString(36));
  console.log(`Sending ${rows.length} payments to ${url} …\n`);
  const startedAt = performance.now();
  const stopShowing = showProgress(run, process.stdout.isTTY === true);
  try {
    const sending = run.send(options.concurrency);
    await Promise.all([sending, run.follow(sending, patienceMs)]);
  } finally {
    stopShowing();
  }
  const tookMs = performance.now() - startedAt;
  const books = await booksOf(patienceMs);
  await run.look();
  print(run, { tookMs, repeated, books });
  return [...rowProblems(run.all), ...books.problems];
}

/** The books lie in the system's database, not behind its API: on this machine, or where DATABASE_URL says. */
async function booksOf(patienceMs: number): Promise<Books> {
  try {
    return await readBooks(readConfigBesideLocal(), Math.min(patienceMs, 60_000));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const problem = 'the books could not be looked at: give the system’s environment, with DATABASE_URL';
    return { trialBalance: 'Not looked at.', wallets: 'Not looked at.', problems: [problem] };
  }
}

function print(run: Run, of: { tookMs: number; repeated: number; books: Books }): void {
  const seconds = (of.tookMs / 1000).toFixed(1);
  const again = of.repeated === 0 ? '' : ` ${of.repeated} calls had to be repeated.`;
  console.log(`\n${run.final} of ${run.accepted.length} accepted payments are final after ${seconds} s.${again}\n`);
  console.log(`${outcomeTable(run.all)}\n\n${reasonTable(run.all)}\n`);
  console.log(`Trial balance\n\n${of.books.trialBalance}\n\nThe provider's wallets\n\n${of.books.wallets}\n`);
  const odd = surprises(run.all);
  if (odd.length > 0) console.log(`Ended otherwise than ordered:\n${list(odd)}\n`);
}

function list(sentences: readonly string[]): string {
  const more = sentences.length > MOST_SHOWN ? [`and ${sentences.length - MOST_SHOWN} more`] : [];
  return [...sentences.slice(0, MOST_SHOWN), ...more].map((sentence) => `- ${sentence}`).join('\n');
}

try {
  const problems = await demo(program.parse().opts<Options>());
  if (problems.length === 0)
    console.log('All is well: every good payment is final, every bad one was refused, the books agree.');
  else console.error(`Not all is well:\n${list(problems)}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Hopeless ? `${error.message}.`.replace(/\.\.$/, '.') : error);
  process.exitCode = 1;
}
