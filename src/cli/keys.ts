// `keys create | list | show | rotate | revoke`.
import type { Command } from 'commander';
import { NotFound } from '../errors.ts';
import { ApiKey, createApiKey, DEFAULT_SCOPES, revokeApiKey, SCOPES, type Scope } from '../merchants/api-key.ts';
import { Merchant } from '../merchants/merchant.ts';
import { rotateApiKey } from '../merchants/rotate-key.ts';
import { readId, readMoment, readReason, readSpan, readWord } from './read.ts';
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
  lineageId: key.lineageId,
  rotatedFrom: key.rotatedFrom,
  lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
  lastUsedAddress: key.lastUsedAddress,
});

const words = (text: string) => text.split(',').map((word) => word.trim());

const until = (key: ApiKey) =>
  key.revokedAt === null ? (moment(key.expiresAt) ?? 'revoked') : `revoked ${moment(key.revokedAt)}`;

const shown = (key: ApiKey, secret?: string) =>
  facts([
    ['key', key.id],
    ...(secret === undefined ? [] : [['secret', secret] as const]),
    ['merchant', key.merchantId],
    ['name', key.name],
    ['ends in', key.lastFour],
    ['scopes', key.scopes.join(', ')],
    ['from', key.allowedAddresses.join(', ') || 'anywhere'],
    ['until', until(key)],
    ['rotated from', key.rotatedFrom],
    [
      'last used',
      key.lastUsedAt === null ? null : `${moment(key.lastUsedAt)} from ${key.lastUsedAddress ?? 'somewhere'}`,
    ],
  ]);
const KEEP = 'Keep the secret now: it cannot be shown again.';

export function keys(noun: Command): void {
  const create = noun
    .command('create')
    .description('make a key; it is shown this once')
    .requiredOption('--merchant <id>', 'whose programs it is for')
    .option('--name <text>', 'what it is for', 'API key')
    .option('--scopes <scope,…>', `of ${SCOPES.join(', ')}; unless said: ${DEFAULT_SCOPES.join(',')}`)
    .option('--expires <day or moment>', 'never unless said')
    .option('--allow <address or range,…>', 'where it may be used from; anywhere unless said');
  verb<{ merchant: string; name: string; scopes?: string; expires?: string; allow?: string }>(
    create,
    async (desk, options) => {
      const merchantId = readId('--merchant', options.merchant, 'merchant');
      const given: readonly Scope[] = options.scopes
        ? words(options.scopes).map((word) => readWord('--scopes', word, SCOPES))
        : DEFAULT_SCOPES;
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
      const key = await ApiKey.whole(desk.db).findById(id).throwIfNotFound();
      return { json: { ...view(key), secret }, text: `${shown(key, secret)}\n${KEEP}` };
    },
  );

  const list = noun.command('list').description('all keys, newest first').option('--merchant <id>', 'only its keys');
  verb<{ merchant?: string }>(list, async (desk, options) => {
    const query = ApiKey.whole(desk.db).orderBy('id', 'desc');
    if (options.merchant !== undefined) query.where('merchant_id', readId('--merchant', options.merchant, 'merchant'));
    const found = await query;
    return {
      json: found.map(view),
      text: table(
        ['key', 'merchant', 'name', 'ends in', 'scopes', 'from', 'until', 'last used'],
        found.map((key) => [
          key.id,
          key.merchantId,
          key.name,
          key.lastFour,
          key.scopes.length === SCOPES.length ? 'all' : key.scopes.join(','),
          key.allowedAddresses.join(',') || 'anywhere',
          until(key),
          moment(key.lastUsedAt),
        ]),
        { none: 'There are no keys.' },
      ),
    };
  });

  const show = noun.command('show').description('one key').requiredOption('--id <id>', 'which key');
  verb<{ id: string }>(show, async (desk, options) => {
    const key = await ApiKey.whole(desk.db).findById(readId('--id', options.id, 'apiKey'));
    if (key === undefined) throw new NotFound('There is no such API key.');
    return { json: view(key), text: shown(key) };
  });

  const rotate = noun
    .command('rotate')
    .description('make a key that takes the place of another; the old one works until the overlap ends')
    .requiredOption('--id <id>', 'which key')
    .option('--overlap <span>', 'how long both work, such as 24h', '24h')
    .option('--reason <text>', 'why', 'rotation');
  verb<{ id: string; overlap: string; reason: string }>(rotate, async (desk, options) => {
    const id = readId('--id', options.id, 'apiKey');
    const overlapMs = readSpan('--overlap', options.overlap);
    const reason = readReason(options.reason);
    const { apiKey, secret, old } = await desk.audited(
      (trx) => rotateApiKey(trx, { id, overlapMs }),
      (made) => ({ action: 'keys.rotate', subject: made.apiKey.id, reason, detail: { rotatedFrom: id, overlapMs } }),
    );
    return {
      json: { ...view(apiKey), secret, oldExpiresAt: old.expiresAt?.toISOString() ?? null },
      text: `${shown(apiKey, secret)}\n${KEEP}\n${id} works until ${moment(old.expiresAt)}.`,
    };
  });

  const revoke = noun
    .command('revoke')
    .description('end a key for good; it is dead within a second')
    .requiredOption('--id <id>', 'which key')
    .requiredOption('--reason <text>', 'why');
  verb<{ id: string; reason: string }>(revoke, async (desk, options) => {
    const id = readId('--id', options.id, 'apiKey');
    const reason = readReason(options.reason);
    const revoked = await desk.audited(
      (trx) => revokeApiKey(trx, id),
      (isNew) => ({ action: 'keys.revoke', subject: id, reason, detail: isNew ? {} : { already: true } }),
    );
    return { json: { id, revoked }, text: revoked ? `${id} is revoked.` : `${id} had been revoked already.` };
  });
}
