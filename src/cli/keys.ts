// `keys create | list | revoke`.
import type { Command } from 'commander';
import { NotFound } from '../errors.ts';
import { ApiKey, createApiKey, revokeApiKey, SCOPES, type Scope, USUAL_SCOPES } from '../merchants/api-key.ts';
import { Merchant } from '../merchants/merchant.ts';
import { readId, readMoment, readReason, readWord } from './read.ts';
import { facts, moment, table } from './table.ts';
import { verb } from './verb.ts';

const view = (key: ApiKey) => ({
  id: key.id,
  merchantId: key.merchantId,
  name: key.name,
  environment: key.environment,
  lastFour: key.lastFour,
  scopes: key.scopes,
  allowedAddresses: key.allowedAddresses,
  createdAt: key.createdAt.toISOString(),
  expiresAt: key.expiresAt?.toISOString() ?? null,
  revokedAt: key.revokedAt?.toISOString() ?? null,
});

const words = (text: string) => text.split(',').map((word) => word.trim());

/** Addresses come back as text only when asked for as text. */
const all = (desk: { readonly db: Parameters<typeof ApiKey.query>[0] }) =>
  ApiKey.query(desk.db).select('*', ApiKey.raw('allowed_addresses::text[] AS allowed_addresses'));

export function keys(noun: Command): void {
  const create = noun
    .command('create')
    .description('make a key; it is shown this once')
    .requiredOption('--merchant <id>', 'whose programs it is for')
    .option('--name <text>', 'what it is for', 'API key')
    .option('--scopes <scope,…>', `of ${SCOPES.join(', ')}; all but payouts:approve unless said`)
    .option('--expires <day or moment>', 'never unless said')
    .option('--allow <address or range,…>', 'where it may be used from; anywhere unless said');
  verb<{ merchant: string; name: string; scopes?: string; expires?: string; allow?: string }>(
    create,
    async (desk, options) => {
      const merchantId = readId('--merchant', options.merchant, 'merchant');
      const given: readonly Scope[] = options.scopes
        ? words(options.scopes).map((word) => readWord('--scopes', word, SCOPES))
        : USUAL_SCOPES;
      const expiresAt = options.expires === undefined ? null : readMoment('--expires', options.expires);
      const allowedAddresses = options.allow === undefined ? [] : words(options.allow);
      const { id, secret } = await desk.audited(
        async (trx) => {
          const merchant = await Merchant.query(trx).findById(merchantId);
          if (merchant === undefined) throw new NotFound(`There is no merchant ${merchantId}.`);
          const environment = desk.config.API_ENVIRONMENT;
          const made = await createApiKey(trx, {
            merchantId,
            name: options.name,
            environment,
            scopes: given,
            expiresAt,
            allowedAddresses,
          });
          return { id: made.apiKey.id, secret: made.secret };
        },
        (made) => ({
          action: 'keys.create',
          subject: made.id,
          detail: { merchantId, scopes: given, allowedAddresses },
        }),
      );
      const key = await all(desk).findById(id).throwIfNotFound();
      const text = facts([
        ['key', key.id],
        ['secret', secret],
        ['scopes', key.scopes.join(', ')],
        ['from', key.allowedAddresses.join(', ') || 'anywhere'],
        ['until', moment(key.expiresAt) ?? 'revoked'],
      ]);
      return { json: { ...view(key), secret }, text: `${text}\nKeep the secret now: it cannot be shown again.` };
    },
  );

  const list = noun.command('list').description('all keys, newest first').option('--merchant <id>', 'only its keys');
  verb<{ merchant?: string }>(list, async (desk, options) => {
    const query = all(desk).orderBy('id', 'desc');
    if (options.merchant !== undefined) query.where('merchant_id', readId('--merchant', options.merchant, 'merchant'));
    const found = await query;
    return {
      json: found.map(view),
      text: table(
        ['key', 'merchant', 'name', 'ends in', 'scopes', 'from', 'until'],
        found.map((key) => [
          key.id,
          key.merchantId,
          key.name,
          key.lastFour,
          key.scopes.length === SCOPES.length ? 'all' : key.scopes.join(','),
          key.allowedAddresses.join(',') || 'anywhere',
          key.revokedAt === null ? (moment(key.expiresAt) ?? 'revoked') : `revoked ${moment(key.revokedAt)}`,
        ]),
        { none: 'There are no keys.' },
      ),
    };
  });

  const revoke = noun
    .command('revoke')
    .description('end a key for good; it is dead within a second')
    .requiredOption('--key <id>', 'which key')
    .requiredOption('--reason <text>', 'why');
  verb<{ key: string; reason: string }>(revoke, async (desk, options) => {
    const id = readId('--key', options.key, 'apiKey');
    const reason = readReason(options.reason);
    const revoked = await desk.audited(
      (trx) => revokeApiKey(trx, id),
      (isNew) => ({ action: 'keys.revoke', subject: id, reason, detail: isNew ? {} : { already: true } }),
    );
    return { json: { id, revoked }, text: revoked ? `${id} is revoked.` : `${id} had been revoked already.` };
  });
}
