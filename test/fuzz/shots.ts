// Hostile requests made from the API's own description: every bad value in every field, parameter and header, and bent bodies besides.
import { diceOf } from '../chaos/soak/dice.ts';
import * as bad from '../support/bad-input.ts';
import { BANK_PAYOUT, COLLECTION, PAYOUT } from '../support/requests.ts';

export interface Shot {
  readonly kind: 'body field' | 'query' | 'path' | 'header' | 'bent body';
  /** Route and field, for the report. */
  readonly what: string;
  readonly value: unknown;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As it goes over the wire. */
  readonly body?: string | Uint8Array;
  /** Whether anything but a refusal would be a fault. */
  readonly mustRefuse: boolean;
}

interface Schema {
  readonly $ref?: string;
  readonly properties?: Record<string, Schema>;
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: {
    readonly content: Record<string, { schema: Schema; examples?: Record<string, { value: object }> } | undefined>;
  };
}

/** What is used of openapi.json. */
export interface Description {
  readonly paths: Record<string, { readonly get?: Operation; readonly post?: Operation }>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

export const VALUES: readonly unknown[] = [
  ...new Set([
    ...bad.BAD_AMOUNTS,
    ...bad.BAD_PHONES,
    ...bad.BAD_CURRENCIES,
    ...bad.BAD_COUNTRIES,
    ...bad.BAD_NAMES,
    ...bad.BAD_REFERENCES,
    ...bad.ODD_NAMES,
    ...bad.BAD_KEYS,
    ...bad.LOOK_UP_NAMES,
    ...bad.BAD_QUERIES,
    { isAdmin: true },
    { toString: 'x', valueOf: 'y' },
    Array(1000).fill('x'),
  ]),
];
const TEXTS = VALUES.filter((value): value is string => typeof value === 'string');

/** What may never be taken, by the name of the field. */
const NEVER: Readonly<Record<string, readonly unknown[]>> = {
  amount: bad.BAD_AMOUNTS,
  maxAmount: bad.BAD_AMOUNTS,
  maxFee: bad.BAD_AMOUNTS.filter((value) => value !== '0'),
  // A mobile of another country is wrong only where the country is said.
  phone: bad.BAD_PHONES.filter((value) => value !== '+254712345678' && value !== '+12025550123'),
  currency: bad.BAD_CURRENCIES,
  destinationCurrency: bad.BAD_CURRENCIES,
  country: bad.BAD_COUNTRIES,
  firstName: bad.BAD_NAMES,
  lastName: bad.BAD_NAMES,
  reference: bad.BAD_REFERENCES,
  owner: bad.BAD_REFERENCES,
  nobodyKnows: VALUES,
};
const never = new Map(Object.entries(NEVER).map(([field, values]) => [field, new Set(values)]));

/** Where the description's examples say too little. */
const BASES: Readonly<Record<string, readonly object[]>> = {
  '/v1/collections': [{ ...COLLECTION, otp: { pinId: 'VE1', pin: '1234' }, customer: { name: 'A' } }],
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
  'x-http-method-override',
  'x-eversend-signature',
  'origin',
  'accept',
  'cookie',
];

const JSON_BODY = { 'content-type': 'application/json' };
const JSON_TYPE = 'application/json';
/** The provider's own route takes any bytes under a signature, and none without. */
const CALLBACK = '/webhooks/eversend';

/** Every route that takes a JSON body, with bodies that it would take. Raises for one without an example: nothing could be sent to it. */
function bodiesOf(description: Description): [path: string, schema: Schema, bases: readonly object[]][] {
  return Object.entries(description.paths).flatMap(([path, { post }]) => {
    const media = post?.requestBody?.content[JSON_TYPE];
    if (media === undefined || path === CALLBACK) return [];
    const bases = BASES[path] ?? Object.values(media.examples ?? {}).map(({ value }) => value);
    if (bases.length === 0) throw new Error(`POST ${path} has no example of a body: give its route one.`);
    return [[path, media.schema, bases] as [string, Schema, readonly object[]]];
  });
}

function fieldsOf(description: Description, schema: Schema): string[][] {
  const whole =
    schema.$ref === undefined ? schema : (description.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  return Object.entries(whole.properties ?? {}).flatMap(([name, inner]) => [
    [name],
    ...fieldsOf(description, inner).map((rest) => [name, ...rest]),
  ]);
}

function replace(body: unknown, [head = '', ...rest]: string[], value: unknown): object {
  const inner = rest.length === 0 ? value : replace((body as Record<string, unknown>)?.[head], rest, value);
  return { ...(body as object), [head]: inner };
}

const filled = (path: string) => path.replaceAll(/\{\w+\}/g, 'x');
const keyed = (n: number) => ({ 'idempotency-key': `fuzz-${String(n).padStart(12, '0')}` });

/** All of them, in an order and with bent bodies that follow from `seed`. */
export function shotsOf(description: Description, of: { seed: string; bent: number }): readonly Shot[] {
  const shots = [...inBodies(description), ...inQueriesAndPaths(description), ...inHeaders()];
  shots.push(...bentBodies(description, of));
  return diceOf(of.seed, 'order').shuffled(shots);
}

function* inBodies(description: Description): Generator<Shot> {
  let n = 0;
  for (const [path, schema, bases] of bodiesOf(description)) {
    for (const field of [...fieldsOf(description, schema), ['nobodyKnows']]) {
      const values = never.get(field.at(-1) ?? '');
      for (const base of bases)
        for (const value of VALUES) {
          n += 1;
          const body = JSON.stringify(replace(base, field, value));
          yield {
            kind: 'body field',
            what: `POST ${path} ${field.join('.')}`,
            value,
            method: 'POST',
            path: filled(path),
            headers: { ...JSON_BODY, ...keyed(n) },
            body,
            mustRefuse: values?.has(value) === true && value !== undefined,
          };
        }
    }
    for (const [what, body] of bad.BAD_BODIES) {
      n += 1;
      const headers = { ...JSON_BODY, ...keyed(n) };
      yield {
        kind: 'bent body',
        what: `POST ${path} ${what}`,
        value: what,
        method: 'POST',
        path: filled(path),
        headers,
        body,
        mustRefuse: true,
      };
    }
  }
}

function* inQueriesAndPaths(description: Description): Generator<Shot> {
  for (const [path, { get }] of Object.entries(description.paths)) {
    if (get === undefined) continue;
    for (const { in: where, name } of [...(get.parameters ?? []), { in: 'query', name: 'nobodyKnows' }]) {
      if (where === 'header') continue;
      for (const value of TEXTS) {
        const text = encodeURIComponent(value.slice(0, 2000).toWellFormed());
        const inPath = path.replace(`{${name}}`, text).replaceAll(/\{\w+\}/g, 'x');
        const target = where === 'path' ? inPath : `${filled(path)}?${name}=${text}`;
        const isOpen = !path.startsWith('/v1/');
        yield {
          kind: where === 'path' ? 'path' : 'query',
          what: `GET ${path} ${name}`,
          value,
          method: 'GET',
          path: target,
          headers: {},
          mustRefuse: name === 'nobodyKnows' && !isOpen,
        };
      }
    }
  }
}

function* inHeaders(): Generator<Shot> {
  const plain = TEXTS.filter((text) => /^[\x20-\x7e]*$/.test(text) && text.length < 12_000);
  for (const name of HEADERS)
    for (const value of plain)
      for (const path of ['/v1/payouts', CALLBACK])
        yield {
          kind: 'header',
          what: `${name} of POST ${path}`,
          value,
          method: 'POST',
          path,
          headers: { ...JSON_BODY, 'idempotency-key': 'fuzz-of-headers-only', [name]: value },
          body: path === CALLBACK ? '{}' : JSON.stringify(PAYOUT),
          mustRefuse:
            path === CALLBACK ||
            (name === 'idempotency-key' && bad.BAD_KEYS.includes(value)) ||
            (name === 'authorization' && value !== ''),
        };
}

const NASTY = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\0',
  '\ud800',
  '1e9',
  'null',
  '__proto__',
  '\u202e',
  '\\u0000',
];

/** Bodies that would have been taken, cut, doubled and sprinkled at random. */
function* bentBodies(description: Description, of: { seed: string; bent: number }): Generator<Shot> {
  const dice = diceOf(of.seed, 'bent bodies');
  const bodies = bodiesOf(description).flatMap(([path, , bases]) => bases.map((base) => [path, base] as const));
  for (let n = 1; n <= of.bent; n += 1) {
    const [path, base] = dice.one(bodies);
    let text = JSON.stringify(base);
    for (let times = dice.between(1, 3); times > 0; times -= 1) {
      const [from, to] = [dice.between(0, text.length), dice.between(0, text.length)].toSorted((a, b) => a - b) as [
        number,
        number,
      ];
      const change = dice.between(1, 3);
      if (change === 1) text = text.slice(0, from) + text.slice(to);
      else if (change === 2) text = text.slice(0, to) + text.slice(from);
      else text = text.slice(0, from) + dice.one(NASTY) + text.slice(from);
    }
    yield {
      kind: 'bent body',
      what: `POST ${path} bent`,
      value: text,
      method: 'POST',
      path: filled(path),
      headers: { ...JSON_BODY, 'idempotency-key': `bent-${String(n).padStart(12, '0')}` },
      body: text,
      mustRefuse: false,
    };
  }
}
