// Every switch of the simulator with its starting value and meaning: one table gives the defaults, the checks and the printed list.

export interface Switch<Value> {
  readonly initial: Value;
  readonly form: string;
  readonly what: string;
  readonly accepts: (value: unknown) => boolean;
}

const MAX_MS = 2_147_483_647;
const isWhole = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_MS;
const isDecimal = (value: unknown) => typeof value === 'string' && /^[0-9]{1,9}(\.[0-9]{1,4})?$/.test(value);

const flag = (initial: boolean, what: string): Switch<boolean> => ({
  initial,
  what,
  form: 'true or false',
  accepts: (value) => typeof value === 'boolean',
});
const whole = (initial: number, what: string): Switch<number> => ({
  initial,
  what,
  form: 'a whole number',
  accepts: isWhole,
});
const wholeOrNull = (initial: number | null, what: string): Switch<number | null> => ({
  initial,
  what,
  form: 'a whole number or null',
  accepts: (value) => value === null || isWhole(value),
});
const textOrNull = (initial: string | null, what: string): Switch<string | null> => ({
  initial,
  what,
  form: 'a text or null',
  accepts: (value) => value === null || (typeof value === 'string' && value !== ''),
});
const oneOf = <const Word extends string>(
  initial: NoInfer<Word>,
  words: readonly Word[],
  what: string,
): Switch<Word> => ({
  initial,
  what,
  form: words.join(' | '),
  accepts: (value) => words.includes(value as Word),
});
const listOf = <Item>(initial: readonly Item[], form: string, accepts: (item: unknown) => boolean, what: string) => ({
  initial,
  what,
  form,
  accepts: (value: unknown) => Array.isArray(value) && value.length <= 20 && value.every(accepts),
});
const decimals = (what: string): Switch<Readonly<Record<string, string>>> => ({
  initial: {},
  what,
  form: 'an object of currency to decimal text',
  accepts: (value) => typeof value === 'object' && value !== null && Object.values(value).every(isDecimal),
});

export const SWITCHES = {
  accept_duplicate_references: flag(false, 'execute a transactionRef again instead of refusing it'),
  enforce_token_expiry: flag(true, 'refuse quotation tokens after their expiry'),
  enforce_single_use: flag(true, 'refuse quotation tokens that were used'),
  strict_fields: flag(true, 'refuse unknown body fields'),
  customer_must_be_string: flag(true, 'refuse a customer object on collections, as the live service does'),
  whole_units: flag(true, 'refuse fractional collection amounts'),
  deduct_collection_charge: flag(false, 'credit amount - charge (the merchant bears it) instead of amount'),
  refund_returns_charge: flag(true, 'a payout refunded after success gives back its fee too'),
  suffix_faults: flag(true, 'the last four digits of a phone or account number order a fault'),
  required_origin: textOrNull(null, 'answer 401 Invalid request origin to every call without this Origin'),
  rate_limit_per_second: wholeOrNull(null, 'answer 429 beyond this many calls in one second'),
  error_shape: oneOf(
    'as_seen',
    ['as_seen', 'array', 'nested'],
    'message is text (phone errors nested, as live), an array, or an object with another message',
  ),
  error_statuses: listOf([500], 'a list of 400 to 599', isStatus, 'statuses of error_before and error_after'),
  retry_after: listOf(['1'], 'a list of texts, empty = none', isText, 'Retry-After values of rate_limit'),
  hang_ms: whole(90_000, 'how long hang_* and drip keep a connection before cutting it'),
  slow_ms: whole(2_000, 'how long slow_* waits'),
  redirect_to: textOrNull('http://127.0.0.1:9/elsewhere', 'Location of redirect'),
  'settle.ms': wholeOrNull(1_000, 'from acceptance to the final status; null = only by a control call'),
  'settle.lateMs': whole(1_000, 'late_success: from failed to successful'),
  'settle.refundMs': whole(1_000, 'refunded, reversed: from successful to the return'),
  'settle.collectionExpiryMs': wholeOrNull(600_000, 'a collection nobody approves fails after this'),
  'lookup.lagMs': whole(0, 'a recorded transaction stays invisible to look-ups and lists this long'),
  'lookup.disableByReference': flag(false, 'GET /transactions/{id} knows only transactionId'),
  'lookup.flat': flag(false, 'GET /transactions/{id} answers data, not data.transactions[0]'),
  'lookup.numericAmounts': flag(false, 'look-ups and lists give amounts as numbers, not text'),
  'list.disableSearch': flag(false, 'GET /transactions ignores search'),
  'token.ttlMs': whole(3_600_000, 'life of an access token'),
  'token.omitExpires': flag(false, 'the token answer has no expires'),
  'quotation.ttlMs': whole(1_800_000, 'life of a payout quotation token'),
  'quotation.exchangeTtlMs': whole(30_000, 'life of an exchange quotation token'),
  'quotation.omitExpires': flag(false, 'quotation answers have no expires beside the token'),
  'otp.exempt': flag(false, 'collections need no OTP'),
  'otp.ttlMs': whole(600_000, 'life of a pin'),
  'otp.maxAttempts': whole(5, 'wrong pins before a pinId is dead'),
  'otp.maxSends': wholeOrNull(3, 'pins per phone within one life; null = no limit'),
  'otp.randomPins': flag(false, 'a pin made from the seed instead of 123456'),
  'webhook.algorithm': oneOf('sha512', ['sha512', 'sha256'], 'HMAC of X-Eversend-Signature'),
  'webhook.signature': oneOf('keyed', ['keyed', 'unkeyed', 'bad', 'missing'], 'how every webhook is signed'),
  'webhook.prefixed': flag(false, 'the signature starts with sha512= or sha256='),
  'webhook.nested': flag(false, 'the body has eventType and data instead of being flat'),
  'webhook.pendingEvents': flag(false, 'a pending event at acceptance too'),
  'webhook.delayMs': whole(500, 'longest wait of the webhook fault delay'),
  'webhook.retryDelaysMs': listOf([1_000, 5_000, 15_000, 60_000], 'a list of ms', isWhole, 'waits after a non-200'),
  'webhook.timeoutMs': whole(5_000, 'how long a receiver may take'),
  'prices.collectionBasisPoints': whole(150, 'collection charge in hundredths of a percent'),
  'prices.payoutFees': decimals('flat payout fee by source currency, over the built-in table'),
  'prices.perUsd': decimals('units for one US dollar, over the built-in table'),
};

function isStatus(value: unknown): boolean {
  return isWhole(value) && value >= 400 && value <= 599;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && /^[\x20-\x7e]{0,60}$/.test(value);
}

type ValueOf<S> = S extends Switch<infer Value> ? Value : never;
export type SwitchName = keyof typeof SWITCHES;
export type Settings = { -readonly [Name in SwitchName]: ValueOf<(typeof SWITCHES)[Name]> };

export function isSwitch(name: string): name is SwitchName {
  return Object.hasOwn(SWITCHES, name);
}

export function initialSettings(): Settings {
  return Object.fromEntries(Object.entries(SWITCHES).map(([name, { initial }]) => [name, initial])) as Settings;
}
