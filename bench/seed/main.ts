// `npm run seed`: fills an empty database with payments that ended as payments do, by the product's own functions; for measurements.
import { parseArgs } from 'node:util';
import { readVariables } from '../../src/config.ts';
import { OWNERS } from './payments.ts';
import { fillWithPayments } from './seed.ts';

const USAGE = `DATABASE_URL=postgres://… DATA_ENCRYPTION_KEY=… npm run seed -- [--transactions 1000000] [--seed 1]

Migrates the database and fills it with payments of ten merchants, each with the wallets of ${OWNERS.length} owners: settled, failed, returned,
in doubt and on their way. Refuses a database that holds a transaction. About ten minutes for a million.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      transactions: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  const { DATABASE_URL: url = '' } = readVariables(['DATABASE_URL']);
  const count = Number(values.transactions);
  if (values.help || url === '' || !Number.isInteger(count) || count < 1) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 1;
    return;
  }
  const say = (sentence: string) => console.error(sentence);
  const perSecond = await fillWithPayments({ url, count, seed: Number(values.seed), say });
  console.log(`${count} transactions, ${perSecond} a second.`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
