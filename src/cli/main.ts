// `npm run --silent cli -- <noun> <verb> …`: the operators' commands. Parses, runs one verb, and ends with 0, 1 (not good) or 2 (wrong input).
import { enableCompileCache } from 'node:module';
import { Command, CommanderError } from 'commander';

// A command should answer at once: what was compiled by the one before is taken from there.
enableCompileCache();

type Noun = { readonly what: string; readonly load: () => Promise<(noun: Command) => void> };

/** Only the noun that is asked for is loaded. */
const NOUNS: Readonly<Record<string, Noun>> = {
  merchants: { what: 'whoever calls our API', load: async () => (await import('./merchants.ts')).merchants },
  keys: { what: "API keys: how merchants' programs are known", load: async () => (await import('./keys.ts')).keys },
  wallets: { what: 'money of merchants and their customers', load: async () => (await import('./wallets.ts')).wallets },
  float: { what: "what the provider's wallets hold for us", load: async () => (await import('./float.ts')).float },
  fees: { what: 'fee schedules: what we charge', load: async () => (await import('./fees.ts')).fees },
  admins: { what: 'people who may enter the console', load: async () => (await import('./admins.ts')).admins },
  ledger: { what: 'the book: its proof, balances, statements', load: async () => (await import('./ledger.ts')).ledger },
  transactions: {
    what: 'collections and payouts',
    load: async () => (await import('./transactions.ts')).transactions,
  },
  payouts: {
    what: 'what awaits approval, and decisions about it',
    load: async () => (await import('./payouts.ts')).payouts,
  },
  cases: { what: 'questions that only a person can answer', load: async () => (await import('./cases.ts')).cases },
  recovery: {
    what: 'after a restore: nothing is sent until the provider was compared',
    load: async () => (await import('./recovery.ts')).recovery,
  },
  persons: { what: 'whom merchants are paid by and pay', load: async () => (await import('./persons.ts')).persons },
  'personal-data': {
    what: 'what is known of persons: its keys',
    load: async () => (await import('./personal-data.ts')).personalData,
  },
  queues: { what: 'the doorbells of the workers', load: async () => (await import('./queues.ts')).queues },
};

const program = new Command('cli');
program
  .usage('<noun> <verb> [options]')
  .description('Operators’ commands. They change what runs under DATABASE_URL, or under `npm start` on this machine.')
  .option('--json', 'print exactly one JSON value')
  .helpCommand(false)
  .showSuggestionAfterError(true);

const args = process.argv.slice(2);
const asked = args.find((word) => !word.startsWith('-')) ?? '';
for (const [name, { what, load }] of Object.entries(NOUNS)) {
  const noun = program.command(name).description(what).helpCommand(false);
  if (name === asked) (await load())(noun);
}
settle(program);

try {
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  const isFine = error instanceof CommanderError && error.exitCode === 0;
  if (!isFine) {
    const { explain } = await import('./complaint.ts');
    const { sentence, code, option, exitCode } = explain(error);
    process.stderr.write(`${sentence}\n`);
    if (args.includes('--json'))
      process.stdout.write(`${JSON.stringify({ error: { code, option, message: sentence } })}\n`);
    process.exitCode = exitCode;
  }
}

/** Errors are raised instead of printed, so that there is one place where they become a sentence. */
function settle(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  for (const sub of command.commands) settle(sub);
}
