// Reads the environment once, validates it with zod, freezes it. The only file that reads process.env.
import { z } from 'zod';
import { readRange } from './address-range.ts';
import { liveProblems } from './live-config.ts';

const whole = (unit: string, min = 0) =>
  z
    .string()
    .regex(/^[0-9]{1,12}$/, `must be a whole number${unit === '' ? '' : ` of ${unit}`}`)
    .transform(Number)
    .refine((value) => value >= min, `must be at least ${min}`);
const ms = (defaultMs: number, min = 1) => whole('milliseconds', min).default(defaultMs);
const count = (value: number, min = 1) => whole('', min).default(value);
/** Of a limit: beyond a million the stores' microseconds are too coarse, and nobody is held back any more. */
const units = (value: number) => count(value).refine((given) => given <= 1_000_000, 'must be at most 1000000');
const schedule = (defaults: readonly number[]) =>
  z
    .string()
    .regex(/^[0-9]{1,10}(,[0-9]{1,10})*$/, 'must be comma-separated milliseconds, such as 1000,5000,30000')
    .transform((text) => text.split(',').map(Number))
    .default([...defaults]);
const secretKey = z
  .string()
  .refine(
    (text) => text.split(',').every((key) => Buffer.from(key.trim(), 'base64').length === 32),
    'must be 32 bytes in base64 (make one with: openssl rand -base64 32); several, comma-separated, during rotation',
  );
const httpUrl = z
  .string()
  .refine((text) => /^https?:\/\//.test(text) && URL.canParse(text), 'must be an http(s) address');
const origins = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim().toLowerCase()))
  .refine(
    (list) => list.every((origin) => (origin === '*' ? list.length === 1 : isOrigin(origin))),
    'must be origins such as https://shop.example, comma-separated and without a path, or * alone for every one',
  )
  .default([]);
const addressRanges = z
  .string()
  .transform((text) => text.split(',').map((range) => range.trim()))
  .refine(
    (list) => list.every((range) => readRange(range) !== null),
    'must be addresses or ranges such as 203.0.113.0/24 or 2001:db8::/32, comma-separated',
  )
  .default([]);
const isOrigin = (text: string) =>
  /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
const oneOf = <const Word extends string>(words: readonly [Word, ...Word[]]) =>
  z.enum(words, { error: `must be ${words.join(' or ')}` });
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Every variable, its form and its default. The README lists them with unit and reason; test/config.test.ts keeps the two equal. */
export const variables = {
  PORT: count(3000, 0),
  HOST: z.string().min(1).default('127.0.0.1'),
  BASE_PATH: z
    .string()
    .regex(/^(\/?[A-Za-z0-9._-]+)*\/?$/, 'must be a path such as api/eversend-payments')
    .transform((path) => {
      const trimmed = path.replace(/^\/+|\/+$/g, '');
      return trimmed === '' ? '' : `/${trimmed}`;
    })
    .default(''),
  PUBLIC_URL: httpUrl.transform((url) => url.replace(/\/+$/, '')).optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
    .optional(),
  MIGRATION_DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
    .optional(),
  DATABASE_POOL_SIZE: count(10, 2),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must start with redis:// or rediss://')
    .optional(),
  DATA_DIR: z.string().min(1).default('.local'),
  SIMULATOR_PORT: count(4010, 0),
  API_ENVIRONMENT: oneOf(['live', 'test']).optional(),
  LOG_LEVEL: oneOf(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  TRUSTED_PROXY_HOPS: count(0, 0),
  CORS_ORIGINS: origins,
  RATE_LIMIT_IP_PER_SECOND: units(200),
  RATE_LIMIT_KEY_PER_SECOND: units(100),
  RATE_LIMIT_READS_PER_SECOND: units(200),
  RATE_LIMIT_WRITES_PER_SECOND: units(50),
  RATE_LIMIT_MONEY_PER_SECOND: units(100),
  RATE_LIMIT_PROBES_PER_SECOND: units(50),
  RATE_LIMIT_FORGERIES_PER_SECOND: units(20),
  RATE_LIMIT_SIGN_INS_PER_MINUTE: units(30),
  RATE_LIMIT_PROVIDER_TOKEN_PER_MINUTE: units(10),
  OTP_LIMIT_PER_PHONE_PER_HOUR: units(5),
  OTP_LIMIT_PER_PREFIX_PER_HOUR: units(50),
  OTP_LIMIT_PER_MERCHANT_PER_DAY: units(1000),
  DATA_ENCRYPTION_KEY: secretKey.optional(),
  EVERSEND_BASE_URL: httpUrl.transform((url) => url.replace(/\/+$/, '')).default('https://api.eversend.co/v1'),
  EVERSEND_CLIENT_ID: z.string().min(1).optional(),
  EVERSEND_CLIENT_SECRET: z.string().min(1).optional(),
  EVERSEND_API_KEY: z.string().min(1).optional(),
  PROVIDER_TOKEN_ENDPOINT: oneOf(['true', 'false']).default('false'),
  EVERSEND_ORIGIN: z.string().min(1).optional(),
  EVERSEND_WEBHOOK_SECRET: z.string().min(1).optional(),
  EVERSEND_WEBHOOK_ALGORITHM: oneOf(['sha512', 'sha256']).default('sha512'),
  EVERSEND_WEBHOOK_ALLOWED_ADDRESSES: addressRanges,
  PROVIDER_CONNECT_TIMEOUT_MS: ms(5 * SECOND),
  PROVIDER_TIMEOUT_MS: ms(MINUTE),
  PROVIDER_MAX_CONCURRENCY: count(2),
  PROVIDER_RATE_PER_SECOND: count(5, 0),
  PROVIDER_CALLER_WAIT_MS: ms(5 * SECOND),
  PROVIDER_BALANCE_TTL_MS: ms(5 * SECOND),
  TOKEN_REFRESH_AHEAD_MS: ms(MINUTE),
  SEND_WINDOW_MS: ms(10 * SECOND),
  QUOTATION_MARGIN_MS: ms(30 * SECOND),
  RESEND_MARGIN_MS: ms(MINUTE),
  RESEND_LOOKUPS: count(3, 1),
  RESEND_LOOKUP_SPAN_MS: ms(MINUTE),
  PAYOUT_RESEND_POLICY: oneOf(['after_expiry', 'never']).default('after_expiry'),
  COLLECTION_RESEND_AFTER_MS: ms(10 * MINUTE),
  COLLECTION_CHARGE_PAYER: oneOf(['payer', 'merchant']).default('payer'),
  PAYOUT_REFUND_RETURNS_CHARGE: oneOf(['yes', 'no']).default('yes'),
  LEASE_MS: ms(30 * SECOND),
  JOB_LOCK_MS: ms(20 * SECOND),
  JOB_CONCURRENCY: count(32),
  SWEEP_INTERVAL_MS: ms(SECOND),
  RECOVERY: oneOf(['true', 'false']).default('false'),
  RING_GRACE_MS: ms(5 * SECOND),
  ROLLUP_INTERVAL_MS: ms(MINUTE),
  ACTIVITY_INTERVAL_MS: ms(2 * SECOND),
  RETRY_BASE_MS: ms(SECOND),
  RETRY_MAX_MS: ms(5 * MINUTE),
  LOOKUP_SCHEDULE_MS: schedule([SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 20 * SECOND, 30 * SECOND]),
  POLL_SCHEDULE_MS: schedule([40 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE]),
  APPROVAL_PATIENCE_MS: ms(7 * DAY),
  PROPOSAL_PATIENCE_MS: ms(DAY),
  PAYOUT_PATIENCE_MS: ms(DAY),
  COLLECTION_PATIENCE_MS: ms(DAY),
  REVERSAL_CHECK_MS: ms(HOUR),
  REVERSAL_HORIZON_MS: ms(7 * DAY),
  SHUTDOWN_GRACE_MS: ms(8 * SECOND),
  OTP_LIFETIME_MS: ms(10 * MINUTE),
  RELAY_INTERVAL_MS: ms(200),
  DELIVERY_TIMEOUT_MS: ms(10 * SECOND),
  DELIVERY_CONCURRENCY: count(16),
  DELIVERY_SCHEDULE_MS: schedule([
    5 * SECOND,
    30 * SECOND,
    2 * MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    DAY,
  ]),
  ENDPOINT_PATIENCE_MS: ms(5 * DAY),
  EVENT_RETENTION_MS: ms(90 * DAY),
  WEBHOOK_ALLOW_LOCAL: oneOf(['true', 'false']).default('false'),
} as const;

const schema = z.object(variables);
type Parsed = z.output<typeof schema>;

/** The whole configuration; names are the environment's, so that a sentence about one can be searched for the other. */
export type Config = Readonly<
  Omit<Parsed, 'DATA_ENCRYPTION_KEY' | 'EVERSEND_WEBHOOK_SECRET' | 'API_ENVIRONMENT' | 'DATABASE_URL'> & {
    DATABASE_URL: string;
    /** 32-byte keys; the first encrypts, all of them decrypt. */
    DATA_ENCRYPTION_KEYS: readonly Buffer[];
    /** Secrets under which a webhook may be signed (several during rotation). */
    EVERSEND_WEBHOOK_SECRETS: readonly string[];
    /** Prefix of the API keys this deployment accepts. */
    API_ENVIRONMENT: 'live' | 'test';
  }
>;

/** A refusal to start: one clear sentence per wrong variable. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Validates an environment. Raises ConfigurationError naming every variable that is missing or wrong and what to do.
 * Empty strings count as absent, as in most process managers.
 */
export function readConfig(environment: Environment = process.env): Config {
  const given = Object.fromEntries(
    Object.keys(variables).flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  const result = schema.safeParse(given);
  if (!result.success) {
    throw new ConfigurationError(
      result.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}.`).join('\n'),
    );
  }
  const parsed = result.data;
  const missing = [
    ...(parsed.DATABASE_URL ? [] : ['DATABASE_URL is missing: set it, or run `npm start` for an embedded database.']),
    ...(parsed.DATA_ENCRYPTION_KEY
      ? []
      : ['DATA_ENCRYPTION_KEY is missing: it encrypts personal data (make one with: openssl rand -base64 32).']),
    ...(parsed.EVERSEND_WEBHOOK_SECRET ? [] : ['EVERSEND_WEBHOOK_SECRET is missing: webhooks could not be verified.']),
    ...(parsed.EVERSEND_API_KEY || (parsed.EVERSEND_CLIENT_ID && parsed.EVERSEND_CLIENT_SECRET)
      ? []
      : ['EVERSEND_CLIENT_ID and EVERSEND_CLIENT_SECRET are missing (or give a fixed EVERSEND_API_KEY).']),
  ];
  if (missing.length > 0) throw new ConfigurationError(missing.join('\n'));
  if (parsed.LEASE_MS > 30 * SECOND) throw new ConfigurationError('LEASE_MS must be at most 30000.');
  const { DATA_ENCRYPTION_KEY = '', EVERSEND_WEBHOOK_SECRET = '', DATABASE_URL = '', ...rest } = parsed;
  const config: Config = Object.freeze({
    ...rest,
    DATABASE_URL,
    DATA_ENCRYPTION_KEYS: DATA_ENCRYPTION_KEY.split(',').map((key) => Buffer.from(key.trim(), 'base64')),
    EVERSEND_WEBHOOK_SECRETS: EVERSEND_WEBHOOK_SECRET.split(',')
      .map((secret) => secret.trim())
      .filter(Boolean),
    API_ENVIRONMENT:
      rest.API_ENVIRONMENT ?? (new URL(rest.EVERSEND_BASE_URL).hostname === 'api.eversend.co' ? 'live' : 'test'),
  });
  const problems = liveProblems(config);
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'));
  return config;
}

/** Reads some variables only (for commands that need no provider, such as migrations): same forms, same sentences. */
export function readVariables<const Name extends keyof typeof variables>(
  names: readonly Name[],
  environment: Environment = process.env,
): Pick<Parsed, Name> {
  const given = Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
  const some = Object.fromEntries(names.map((name) => [name, variables[name]]));
  const result = z.object(some).safeParse(given);
  if (!result.success) {
    throw new ConfigurationError(
      result.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}.`).join('\n'),
    );
  }
  return result.data as unknown as Pick<Parsed, Name>;
}

/** This process's environment with additions, for a child process; with `onlyIfAbsent`, the user's own values win. */
export function environmentFor(
  additions: Readonly<Record<string, string>>,
  onlyIfAbsent: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  return { ...onlyIfAbsent, ...given, ...additions };
}
