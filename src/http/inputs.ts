// The shapes of single inputs: strict on the raw text first, and every refusal says what to send instead.
import { z } from 'zod';
import { isCurrency } from '../money.ts';
import { cleanName, NAME_LENGTH } from '../names.ts';

interface Rule {
  readonly code: string;
  /** What to do, as a sentence. */
  readonly message: string;
  holds(text: string): boolean;
}

interface Shape {
  readonly example: string;
  readonly description?: string;
  readonly pattern?: string;
  readonly format?: string;
}

/** A string under rules, of which the first broken one is told. JSON numbers, null and the like are refused before. */
export function text({ example, ...shape }: Shape, ...rules: readonly Rule[]) {
  return z
    .string({ error: (issue) => notAString(issue.input, example) })
    .check((payload) => {
      const broken = rules.find((rule) => !rule.holds(payload.value));
      if (broken === undefined) return;
      const { code, message } = broken;
      payload.issues.push({ code: 'custom', input: payload.value, message, params: { code }, continue: false });
    })
    .meta({ ...shape, examples: [example] });
}

function notAString(input: unknown, example: string): string {
  const why = typeof input === 'number' ? ': JSON numbers lose digits' : '';
  return `Send it as a string, such as "${example}"${why}.`;
}

const matches = (pattern: RegExp, code: string, message: string): Rule => ({
  code,
  message,
  holds: (given) => pattern.test(given),
});

/** One of a few words. */
export function word<const Words extends readonly [string, ...string[]]>(words: Words, description?: string) {
  const schema = z.enum(words, { error: `Use one of ${words.join(', ')}.` });
  return description === undefined ? schema : schema.meta({ description });
}

/** Decimals, sign of life and limits depend on the currency: `readAmount` looks at those. */
export const amount = text(
  {
    example: '2000',
    pattern: '^(0|[1-9][0-9]{0,11})(\\.[0-9]{1,2})?$',
    description: 'A decimal string in major units, with no more decimals than the currency has.',
  },
  matches(
    /^(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?$/,
    'not_an_amount',
    'Send the amount as plain digits in major units, such as "2000" or "21.71".',
  ),
);

export const currency = text(
  { example: 'UGX', pattern: '^[A-Z]{3}$', description: 'ISO 4217.' },
  {
    code: 'unsupported_currency',
    message: 'Send a currency we work with as three capital letters, such as "UGX".',
    holds: isCurrency,
  },
);

export const country = text(
  { example: 'UG', pattern: '^[A-Z]{2}$', description: 'ISO 3166-1 alpha-2.' },
  matches(/^[A-Z]{2}$/, 'not_a_country', 'Send the country as two capital letters, such as "UG".'),
);

/** Under which money reaches a person. */
export const account = text(
  { example: '+256712345678', description: 'Phone, bank account number, e-mail address or tag, as it was given.' },
  matches(/^[\x21-\x7e]{2,254}$/, 'not_an_account', 'Send a phone, bank account number, e-mail address or tag.'),
);

/** Only the form; which phone it may be depends on the route: `phoneProblem` looks at that. */
export const phone = text(
  { example: '+256712345678', pattern: '^\\+[1-9][0-9]{7,14}$', description: 'A mobile number in E.164.' },
  matches(
    /^\+[1-9][0-9]{7,14}$/,
    'not_e164',
    'Send the phone in international form, a plus sign and digits only, such as "+256712345678".',
  ),
);

export const name = text(
  { example: 'John', description: `Up to ${NAME_LENGTH} characters, without controls or direction marks.` },
  {
    code: 'invalid_name',
    message: `Send 1 to ${NAME_LENGTH} visible characters with a letter or digit among them, without control or direction characters.`,
    holds: (given) => cleanName(given) !== null,
  },
).normalize('NFC');

const VISIBLE = /^[\x21-\x7e]{1,64}$/;
const visible = (example: string, description: string) =>
  text(
    { example, description, pattern: '^[\\x21-\\x7e]{1,64}$' },
    matches(VISIBLE, 'not_visible_ascii', 'Send 1 to 64 visible ASCII characters, without spaces.'),
  );

export const owner = visible(
  'customer-42',
  "The merchant's own customer whose wallet it is. Left out: the merchant itself.",
);
export const reference = visible('INV-7', "The caller's own name for it; need not be unique.");

export const email = text(
  { example: 'ada@example.com', format: 'email' },
  matches(
    /^(?=.{6,254}$)[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}$/,
    'not_an_email',
    'Send an e-mail address such as "ada@example.com".',
  ),
);

export const PRINTABLE = /^[^\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+$/u;
const metadataKey = z.string().check((payload) => {
  if (/^[A-Za-z0-9_.-]{1,40}$/.test(payload.value)) return;
  const message = 'Name metadata with 1 to 40 characters of A-Z, a-z, 0-9, "_", "." and "-".';
  payload.issues.push({ code: 'custom', input: payload.value, message, params: { code: 'invalid_key' } });
});
const metadataValue = text(
  { example: 'v' },
  {
    code: 'invalid_text',
    message: 'Send 1 to 500 characters, without control or direction characters.',
    holds: (given) => given.length <= 1000 && [...given].length <= 500 && PRINTABLE.test(given),
  },
);
export const metadata = z
  .record(metadataKey, metadataValue, { error: 'Send an object of strings.' })
  .check((payload) => {
    if (Object.keys(payload.value).length <= 20) return;
    const message = 'Send at most 20 metadata values.';
    payload.issues.push({ code: 'custom', input: payload.value, message, params: { code: 'too_many' } });
  })
  .meta({ description: 'Up to 20 strings of the caller, given back as they are.', examples: [{ order: 'A-17' }] });

export const otp = z
  .strictObject(
    {
      pinId: text(
        { example: 'VE0a1b2c3d4e5f60718293a4b5c6d7e8f9' },
        matches(/^[A-Za-z0-9-]{1,100}$/, 'not_a_pin_id', 'Send the pinId as it was answered by /v1/collections/otp.'),
      ),
      pin: text(
        { example: '123456', pattern: '^[0-9]{4,8}$' },
        matches(/^[0-9]{4,8}$/, 'not_a_pin', 'Send the 4 to 8 digits that the payer received.'),
      ),
    },
    { error: 'Send an object with pinId and pin.' },
  )
  .meta({ description: 'The one-time pin by which the payer proved to hold the phone.' });

export const redirectUrl = text(
  {
    example: 'https://shop.example/paid',
    format: 'uri',
    description: 'Where the payer returns to. Required for Ghana.',
  },
  {
    code: 'not_https',
    message: 'Send an https address of at most 2000 characters, without user name or password.',
    holds: isHttps,
  },
);

function isHttps(given: string): boolean {
  if (given.length > 2000 || !/^https:\/\/[\x21-\x7e]+$/.test(given) || !URL.canParse(given)) return false;
  const { username, password, hostname } = new URL(given);
  return username === '' && password === '' && hostname.includes('.');
}

const INSTANT = /^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$/;

/** A moment in UTC that the calendar knows. */
export const instant = text(
  { example: '2026-12-01T08:00:00Z', format: 'date-time', description: 'RFC 3339, in UTC.' },
  {
    code: 'not_a_time',
    message: 'Send a time in UTC such as "2026-12-01T08:00:00Z".',
    holds(given) {
      const at = new Date(INSTANT.test(given) ? given : Number.NaN);
      return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 19) === given.slice(0, 19);
    },
  },
).transform((given) => new Date(given));

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span of time of up to 30 days, in milliseconds once read. */
export const span = text(
  { example: '24h', pattern: '^(0|[1-9][0-9]{0,4}[mhd])$', description: 'Minutes, hours or days; at most 30 days.' },
  matches(
    /^(0|[1-9][0-9]{0,4}[mhd])$/,
    'not_a_span',
    'Send a number with its unit, such as "30m", "24h" or "7d"; "0" for none.',
  ),
  {
    code: 'span_too_long',
    message: 'Send at most 30 days.',
    holds: (given) => spanMs(given) <= 30 * 86_400_000,
  },
).transform(spanMs);

function spanMs(given: string): number {
  return Number(given.slice(0, -1)) * (UNIT_MS[given.slice(-1)] ?? 0);
}
