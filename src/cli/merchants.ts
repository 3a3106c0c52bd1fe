// `merchants create | list`.
import type { Command } from 'commander';
import { createMerchant, Merchant } from '../merchants/merchant.ts';
import { facts, moment, table } from './table.ts';
import { verb } from './verb.ts';

const view = (merchant: Merchant) => ({
  id: merchant.id,
  name: merchant.name,
  createdAt: merchant.createdAt.toISOString(),
});

export function merchants(noun: Command): void {
  const create = noun.command('create').description('register a merchant').requiredOption('--name <text>', 'its name');
  verb<{ name: string }>(create, async (desk, { name }) => {
    const merchant = await desk.audited(
      (trx) => createMerchant(trx, { name }),
      ({ id }) => ({ action: 'merchants.create', subject: id }),
    );
    const text = facts([
      ['merchant', merchant.id],
      ['name', merchant.name],
    ]);
    return { json: view(merchant), text: `${text}\nIts first key: cli keys create --merchant ${merchant.id}` };
  });

  const list = noun.command('list').description('all merchants, newest first');
  verb(list, async (desk) => {
    const found = await Merchant.query(desk.db).orderBy('id', 'desc');
    return {
      json: found.map(view),
      text: table(
        ['merchant', 'name', 'since'],
        found.map((merchant) => [merchant.id, merchant.name, moment(merchant.createdAt)]),
        { none: 'There are no merchants yet: cli merchants create --name …' },
      ),
    };
  });
}
