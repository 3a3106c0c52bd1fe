// Keys of merchants' programs and secrets of their endpoints: replaced by new ones that are shown once, and ended.
import { audit } from '../../audit/audit.ts';
import { inTransaction } from '../../db/knex.ts';
import { InvalidRequest, StaleState } from '../../errors.ts';
import { revokeApiKey } from '../../merchants/api-key.ts';
import { rotateApiKey } from '../../merchants/rotate-key.ts';
import { rotateSecret } from '../../notifications/endpoint.ts';
import { code, text, time } from '../panels/cell.ts';
import type { Action, Field, Ordered } from './action.ts';

const idOf = ({ row }: Pick<Ordered, 'row'>) => String(row['id']);

const HOUR_MS = 3_600_000;
const OVERLAPS = [
  ['0', 'not at all: the old one is dead at once'],
  ['1', 'an hour'],
  ['24', 'a day'],
  ['168', 'a week'],
] as const;
const overlap: Field = {
  name: 'overlap',
  label: 'The old one works on for',
  required: true,
  value: '24',
  options: OVERLAPS,
};

function overlapOf({ input }: Ordered): { readonly ms: number; readonly words: string } {
  const [hours, words] = OVERLAPS.find(([name]) => name === input['overlap']) ?? [];
  if (hours === undefined) throw InvalidRequest.field('overlap', 'unknown_overlap', 'Choose one of the spans.');
  return { ms: Number(hours) * HOUR_MS, words: words ?? '' };
}

const revoke: Action = {
  name: 'revoke',
  panel: 'keys',
  label: 'Revoke',
  permission: 'keys.revoke',
  isGrave: true,
  fits: (row) => row['revokedAt'] === null,
  preview: async (_ctx, { row }) => ({
    sentences: ['The key opens nothing from a second after this on, for good. Whatever program uses it is shut out.'],
    facts: [
      ['Key', text(String(row['name']))],
      ['Ends in', code(String(row['lastFour']))],
    ],
    outline: { Key: 'usable' },
  }),
  async carryOut(ctx, of) {
    await inTransaction(ctx.db, async (trx) => {
      if (!(await revokeApiKey(trx, idOf(of)))) throw new StaleState('Somebody has revoked it already.');
      await audit(trx, { ...of.actor, action: 'keys.revoke', subject: idOf(of), reason: of.reason });
    });
    return { sentence: 'The key is revoked.' };
  },
};

const rotate: Action = {
  name: 'rotate',
  panel: 'keys',
  label: 'Rotate',
  permission: 'keys.rotate',
  isGrave: true,
  fits: (row) => row['revokedAt'] === null && row['expired'] === false,
  fields: () => [overlap],
  preview: async (_ctx, of) => ({
    sentences: [
      'A new key with the same powers takes the place of this one. It is shown once: hand it over where nobody else reads it.',
      `The old one works on: ${overlapOf(of).words}.`,
    ],
    facts: [
      ['Key', text(String(of.row['name']))],
      ['Ends in', code(String(of.row['lastFour']))],
    ],
    outline: { Key: 'usable' },
  }),
  async carryOut(ctx, of) {
    const { ms: overlapMs } = overlapOf(of);
    const made = await inTransaction(ctx.db, async (trx) => {
      const rotated = await rotateApiKey(trx, { id: idOf(of), overlapMs });
      const detail = { rotatedFrom: idOf(of), overlapMs };
      const deed = { ...of.actor, action: 'keys.rotate', subject: rotated.apiKey.id, reason: of.reason, detail };
      await audit(trx, deed);
      return rotated;
    });
    return {
      sentence: 'This key is shown once, and kept nowhere.',
      shownOnce: [
        ['Key', code(made.secret)],
        ['Name', text(made.apiKey.name)],
        ['The old one ends', time(made.old.expiresAt)],
      ],
    };
  },
};

const rotateEndpoint: Action = {
  name: 'rotate',
  panel: 'endpoints',
  label: 'Rotate the secret',
  permission: 'endpoints.rotate',
  isGrave: true,
  fits: (row) => row['status'] !== 'deleted',
  fields: () => [overlap],
  preview: async (_ctx, of) => ({
    sentences: [
      'A new secret signs what is sent there from now on. It is shown once: hand it over where nobody else reads it.',
      `The old one signs along: ${overlapOf(of).words}.`,
    ],
    outline: { 'Secret from before': of.row['previousUntil'] === null ? 'none' : String(of.row['previousUntil']) },
  }),
  async carryOut(ctx, of) {
    const by = { ...of.actor, merchantId: String(of.row['merchantId']), reason: of.reason };
    const order = { id: idOf(of), overlapMs: overlapOf(of).ms };
    const { endpoint, secret } = await inTransaction(ctx.db, (trx) => rotateSecret(ctx, trx, by, order));
    return {
      sentence: 'This secret is shown once.',
      shownOnce: [
        ['Secret', code(secret)],
        ['The old one signs until', time(endpoint.previousUntil)],
      ],
    };
  },
};

export const SECRET_ACTIONS: readonly Action[] = [revoke, rotate, rotateEndpoint];
