// `transactions show | find`.
import type { Command } from 'commander';
import { type Dossier, readDossier } from '../transactions/dossier.ts';
import { searchTransactions, type Wanted } from '../transactions/search.ts';
import { readCount, readId, wrong } from './read.ts';
import { facts, moment, table } from './table.ts';
import { verb } from './verb.ts';

interface Finding {
  readonly [name: string]: string | undefined;
  readonly phone?: string;
  readonly account?: string;
  readonly last4?: string;
  readonly reference?: string;
  readonly providerId?: string;
  readonly limit: string;
}

/** Exactly one of the five. */
function readWanted(options: Finding): Wanted {
  const { phone, account, last4, reference, providerId } = options;
  const given = [phone, account, last4, reference, providerId].filter((text) => text !== undefined);
  if (given.length !== 1)
    throw wrong('--phone', 'Give exactly one of --phone, --account, --last4, --reference, --provider-id.');
  if (phone !== undefined) {
    if (!/^\+[1-9][0-9]{7,14}$/.test(phone)) throw wrong('--phone', 'Give it in full, such as +256712345678.');
    return { by: 'account', text: phone };
  }
  if (account !== undefined) return { by: 'account', text: account };
  if (last4 !== undefined) {
    if (!/^[\x21-\x7e]{4}$/.test(last4)) throw wrong('--last4', 'Give the last four digits, such as 5678.');
    return { by: 'last_four', text: last4 };
  }
  return reference !== undefined ? { by: 'reference', text: reference } : { by: 'provider_id', text: providerId ?? '' };
}

export function transactions(noun: Command): void {
  const show = noun
    .command('show')
    .description('all that is known of one: its row, and its timeline from the request on')
    .requiredOption('--id <id>', 'po… or co…');
  verb<{ id: string }>(show, async (desk, options) => {
    const dossier = await readDossier(desk.db, desk.vault, readId('--id', options.id, 'payout', 'collection'));
    return { json: dossier, text: asText(dossier) };
  });

  const find = noun
    .command('find')
    .description('transactions of any merchant, newest first')
    .option('--phone <phone>', 'in full, such as +256712345678')
    .option('--account <account>', 'bank account number, e-mail address or tag, in full')
    .option('--last4 <digits>', 'the last four of phone or account number')
    .option('--reference <text>', "the merchant's reference")
    .option('--provider-id <id>', "the provider's transaction id")
    .option('--limit <count>', 'how many at most', '50');
  verb<Finding>(find, async (desk, options) => {
    const wanted = readWanted(options);
    const limit = readCount('--limit', options.limit, 10_000);
    const found = await searchTransactions(desk.db, desk.vault, wanted, limit);
    return {
      json: found,
      text: table(
        ['transaction', 'status', 'amount', 'currency', 'account', 'reference', 'created'],
        found.map((one) => [
          one.id,
          one.status,
          one.amount,
          one.currency,
          one.accountNumber,
          one.reference,
          moment(one.createdAt),
        ]),
        { right: ['amount'], none: 'There are no such transactions.' },
      ),
    };
  });
}

function asText({ transaction, timeline }: Dossier): string {
  const row = facts(
    Object.entries(transaction).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
    ]),
  );
  const moments = table(
    ['at', 'what', 'which', 'by', 'why', 'detail'],
    timeline.map(({ at, what, word, actor, note, detail }) => [
      moment(at),
      what.replaceAll('_', ' '),
      word,
      actor,
      note,
      Object.keys(detail).length === 0 ? null : JSON.stringify(detail),
    ]),
  );
  return `${row}\n\nTimeline\n${moments}`;
}
