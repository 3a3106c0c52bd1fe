// `persons erase`.
import type { Command } from 'commander';
import { NotFound } from '../errors.ts';
import { Merchant } from '../merchants/merchant.ts';
import { erasePerson } from '../personal-data/erase.ts';
import { readId, readReason } from './read.ts';
import { moment, table } from './table.ts';
import { verb } from './verb.ts';

export function persons(noun: Command): void {
  const erase = noun
    .command('erase')
    .description('forget the owner of an account; the journal stays, and what still moves is erased once it has ended')
    .requiredOption('--merchant <id>', 'from whose transactions and beneficiaries')
    .requiredOption('--account <account>', 'phone, bank account number, e-mail address or tag, as it was given')
    .requiredOption('--reason <text>', 'why, without naming the person');
  verb<{ merchant: string; account: string; reason: string }>(erase, async (desk, options) => {
    const merchantId = readId('--merchant', options.merchant, 'merchant');
    if ((await Merchant.query(desk.db).findById(merchantId)) === undefined)
      throw new NotFound(`There is no merchant ${merchantId}.`);
    const { erased, postponed } = await erasePerson(desk.db, desk.vault, {
      merchantId,
      account: options.account.trim(),
      reason: readReason(options.reason),
      actor: desk.actor,
    });
    const rows = postponed.map(({ id, status, dueAt }) => [id, status, moment(dueAt)]);
    const later = `\nErased once they have ended:\n${table(['transaction', 'status', 'looked at next'], rows)}`;
    return {
      json: { merchantId, erased, postponed },
      text: `Erased from ${erased} transactions and beneficiaries.${postponed.length === 0 ? '' : later}`,
    };
  });
}
