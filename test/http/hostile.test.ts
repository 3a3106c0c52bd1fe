// Everything hostile against every field, parameter and header that the description knows: refused or harmless, never a fault.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answered, type Api, BANK_PAYOUT, COLLECTION, openApi, PAYOUT } from '../support/api.ts';
import * as bad from '../support/bad-input.ts';
import { settledCollection } from '../support/settled-collection.ts';

let api: Api;
let collectionId: string;
beforeAll(async () => {
  api = await openApi();
  await api.world.fund('UGX', 10n ** 12n);
  collectionId = await settledCollection(api.world, { amountMinor: 10n ** 9n });
});
afterAll(() => api.close());

const VALUES: readonly unknown[] = [
  ...new Set([
    ...bad.BAD_AMOUNTS,
    ...bad.BAD_PHONES,
    ...bad.BAD_CURRENCIES,
    ...bad.BAD_COUNTRIES,
    ...bad.BAD_NAMES,
    ...bad.BAD_REFERENCES,
    ...bad.ODD_NAMES,
    ...bad.BAD_KEYS,
    { isAdmin: true },
    { toString: 'x', valueOf: 'y' },
    Array(1000).fill('x'),
  ]),
];
const TEXTS = VALUES.filter((value): value is string => typeof value === 'string');

const { method, country, recipient } = PAYOUT;
const BASES: Record<string, object[]> = {
  '/v1/beneficiaries': [
    { method, country, recipient, reference: 'staff-1' },
    { method: 'bank', country: 'NG', recipient: BANK_PAYOUT.recipient },
  ],
  '/v1/beneficiaries/verify': [
    { method: 'bank', country: 'NG', recipient: BANK_PAYOUT.recipient },
    { method: 'eversend', recipient: { email: 'ada@example.com' } },
  ],
  '/v1/collections': [{ ...COLLECTION, otp: { pinId: 'VE1', pin: '1234' }, customer: { name: 'A' } }],
  '/v1/collections/{id}/refunds': [{ amount: '1', reference: 'RET-1', metadata: { k: 'v' } }],
  '/v1/collections/fees': [{ amount: '2000', currency: 'UGX', country: 'UG' }],
  '/v1/collections/otp': [{ phone: '+256712345678' }],
  '/v1/payouts': [PAYOUT, BANK_PAYOUT],
  '/v1/payouts/quote': [{ ...PAYOUT, recipient: undefined }],
};

const HEADERS = [
  'authorization',
  'content-type',
  'content-encoding',
  'idempotency-key',
  'x-request-id',
  'x-forwarded-for',
  'x-eversend-signature',
  'accept',
  'cookie',
];

interface Schema {
  readonly $ref?: string;
  readonly properties?: Record<string, Schema>;
}

interface Shot {
  readonly what: string;
  readonly value: unknown;
  fire(): Promise<Answered>;
}

let sent = 0;
let refused = 0;

/** Fires all of them, many at once, and holds each answer to: no fault of ours, and a refusal that has a code. */
async function volley(shots: readonly Shot[]): Promise<void> {
  for (let from = 0; from < shots.length; from += 64) {
    const some = shots.slice(from, from + 64);
    const answers = await Promise.all(some.map((shot) => shot.fire()));
    for (const [index, { status, json, text }] of answers.entries()) {
      const fine = status < 400 || (status < 500 && /^[a-z_]+$/.test(json?.code));
      sent += 1;
      if (status >= 400) refused += 1;
      if (!fine) expect.fail(`${some[index]?.what} ${JSON.stringify(some[index]?.value)}: ${status} ${text}`);
    }
  }
}

test('every field of every body', async () => {
  const document = (await api.get('/openapi.json')).json;
  const resolve = (schema: Schema): Schema =>
    schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.split('/').at(-1) ?? ''];
  const fields = (schema: Schema): string[][] =>
    Object.entries(resolve(schema).properties ?? {}).flatMap(([name, inner]) => [
      [name],
      ...fields(inner).map((rest) => [name, ...rest]),
    ]);
  const replace = (body: unknown, [head = '', ...rest]: string[], value: unknown): object => ({
    ...(body as object),
    [head]: rest.length === 0 ? value : replace((body as Record<string, unknown>)?.[head], rest, value),
  });
  const known = Object.keys(document.paths).filter((path) => document.paths[path].post?.requestBody !== undefined);
  expect(known.toSorted()).toEqual([...Object.keys(BASES), '/webhooks/eversend'].toSorted());
  for (const [path, bases] of Object.entries(BASES)) {
    const schema = document.paths[path].post.requestBody.content['application/json'].schema;
    for (const field of [...fields(schema), ['nobodyKnows']])
      await volley(
        bases.flatMap((base) =>
          VALUES.map((value) => ({
            what: `${path} ${field.join('.')}`,
            value,
            fire: () => api.post(path.replace('{id}', collectionId), replace(base, field, value)),
          })),
        ),
      );
  }
  expect(({} as { isAdmin?: true }).isAdmin).toBeUndefined();
}, 120_000);

test('every query parameter, path parameter and header', async () => {
  const { paths } = (await api.get('/openapi.json')).json;
  for (const [path, { get }] of Object.entries(
    paths as Record<string, { get?: { parameters?: { in: string; name: string }[] } }>,
  )) {
    if (get === undefined) continue;
    for (const { in: where, name } of [...(get.parameters ?? []), { in: 'query', name: 'nobodyKnows' }])
      await volley(
        TEXTS.map((value) => {
          const text = encodeURIComponent(value.slice(0, 2000).toWellFormed());
          const inPath = path.replace(`{${name}}`, text);
          const target = where === 'path' ? inPath : `${path.replace(/\{\w+\}/, 'x')}?${name}=${text}`;
          return { what: `GET ${path} ${name}`, value, fire: () => api.get(target) };
        }),
      );
  }
  const plain = TEXTS.filter((text) => /^[\x20-\x7e]*$/.test(text));
  for (const name of HEADERS)
    await volley(
      plain.flatMap((value) => [
        {
          what: `${name} on a payout`,
          value,
          fire: () => api.post('/v1/payouts', PAYOUT, { headers: { [name]: value } }),
        },
        {
          what: `${name} on a webhook`,
          value,
          fire: () => api.post('/webhooks/eversend', '{}', { headers: { [name]: value } }),
        },
      ]),
    );
});

test('that was enough of it, and it was refused but for what is harmless', () => {
  expect(sent).toBeGreaterThan(20_000);
  expect(refused / sent).toBeGreaterThan(0.85);
});
