// Configuration: every wrong or missing variable is one clear sentence that names it.
import { describe, expect, test } from 'vitest';
import { ConfigurationError, readConfig, readVariables, variables } from '../src/config.ts';

const key = Buffer.alloc(32, 1).toString('base64');
const otherKey = Buffer.alloc(32, 2).toString('base64');
const complete = {
  DATABASE_URL: 'postgres://app@db.example/payments',
  DATA_ENCRYPTION_KEY: key,
  EVERSEND_WEBHOOK_SECRET: 'secret',
  EVERSEND_CLIENT_ID: 'id',
  EVERSEND_CLIENT_SECRET: 'secret',
};

function refusal(environment: Record<string, string>): string {
  try {
    readConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
  throw new Error('the configuration was accepted');
}

describe('a variable that is missing', () => {
  test.each(['DATABASE_URL', 'DATA_ENCRYPTION_KEY', 'EVERSEND_WEBHOOK_SECRET', 'EVERSEND_CLIENT_ID'])(
    '%s keeps the service from starting, in one sentence that names it',
    (name) => {
      const { [name]: _, ...rest } = complete as Record<string, string>;
      const sentences = refusal(rest).split('\n');
      expect(sentences).toHaveLength(1);
      expect(sentences[0]).toMatch(new RegExp(`^${name}\\b.* (is|are) missing`));
    },
  );

  test('is not made up for by an empty text', () => {
    expect(refusal({ ...complete, DATABASE_URL: '' })).toMatch(/^DATABASE_URL is missing/);
  });

  test('does not hide the others: all are named at once', () => {
    expect(refusal({}).split('\n')).toHaveLength(4);
  });

  test('may be the client credentials where a fixed API key is given', () => {
    const { EVERSEND_CLIENT_ID: _, EVERSEND_CLIENT_SECRET: __, ...rest } = complete;
    expect(readConfig({ ...rest, EVERSEND_API_KEY: 'fixed' }).EVERSEND_API_KEY).toBe('fixed');
  });
});

describe('a variable that is wrong', () => {
  /** For each form of variable, texts that an operator might really write. */
  const wrong: readonly (readonly [name: string, text: string])[] = [
    ['PORT', 'http'],
    ['PORT', '-1'],
    ['PORT', '30.5'],
    ['BASE_PATH', 'a b'],
    ['PUBLIC_URL', 'payments.example'],
    ['DATABASE_URL', 'mysql://db.example/payments'],
    ['MIGRATION_DATABASE_URL', 'db.example'],
    ['REDIS_URL', 'http://redis.example'],
    ['API_ENVIRONMENT', 'production'],
    ['LOG_LEVEL', 'verbose'],
    ['DATA_ENCRYPTION_KEY', 'too-short'],
    ['DATA_ENCRYPTION_KEY', `${key},too-short`],
    ['EVERSEND_BASE_URL', 'api.eversend.co'],
    ['EVERSEND_WEBHOOK_ALGORITHM', 'md5'],
    ['PAYOUT_RESEND_POLICY', 'always'],
    ['COLLECTION_CHARGE_PAYER', 'nobody'],
    ['PROVIDER_TIMEOUT_MS', '0'],
    ['PROVIDER_TIMEOUT_MS', '60s'],
    ['LOOKUP_SCHEDULE_MS', '1000;2000'],
    ['POLL_SCHEDULE_MS', '1s,2s'],
    ['DATABASE_POOL_SIZE', '1'],
    ['LEASE_MS', '30001'],
  ];

  test.each(wrong)('%s=%s is refused in one sentence that names it and ends', (name, text) => {
    const sentences = refusal({ ...complete, [name]: text }).split('\n');
    expect(sentences).toHaveLength(1);
    expect(sentences[0]).toMatch(new RegExp(`^${name} must .{4,}\\.$`));
    expect(sentences[0]).not.toContain('too-short');
  });

  test('does not hide the others: each has its own sentence', () => {
    expect(refusal({ ...complete, PORT: 'a', LOG_LEVEL: 'b' }).split('\n')).toEqual([
      expect.stringMatching(/^PORT must /),
      expect.stringMatching(/^LOG_LEVEL must /),
    ]);
  });
});

describe('what is read', () => {
  test('without anything optional, the defaults stand and production is the careful one', () => {
    const config = readConfig(complete);
    expect(config).toMatchObject({ PORT: 3000, BASE_PATH: '', DATA_DIR: '.local', SIMULATOR_PORT: 4010 });
    expect(config).toMatchObject({ API_ENVIRONMENT: 'live', PROVIDER_RATE_PER_SECOND: 5, PROVIDER_MAX_CONCURRENCY: 2 });
    expect(config.PAYOUT_RESEND_POLICY).toBe('after_expiry');
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('any other provider than the real one makes it a test environment, unless it is said otherwise', () => {
    const EVERSEND_BASE_URL = 'http://127.0.0.1:4010/v1';
    expect(readConfig({ ...complete, EVERSEND_BASE_URL }).API_ENVIRONMENT).toBe('test');
    expect(readConfig({ ...complete, EVERSEND_BASE_URL, API_ENVIRONMENT: 'live' }).API_ENVIRONMENT).toBe('live');
  });

  test.each([
    ['/', ''],
    ['api', '/api'],
    ['/api/payments/', '/api/payments'],
  ])('BASE_PATH=%s is the prefix "%s"', (text, prefix) => {
    expect(readConfig({ ...complete, BASE_PATH: text }).BASE_PATH).toBe(prefix);
  });

  test('several keys and secrets are told apart during a rotation', () => {
    const config = readConfig({
      ...complete,
      DATA_ENCRYPTION_KEY: `${otherKey}, ${key}`,
      EVERSEND_WEBHOOK_SECRET: 'new, old',
    });
    expect(config.DATA_ENCRYPTION_KEYS.map((bytes) => bytes[0])).toEqual([2, 1]);
    expect(config.EVERSEND_WEBHOOK_SECRETS).toEqual(['new', 'old']);
  });

  test('a command that needs two variables is not bothered by the state of the others', () => {
    const read = readVariables(['PORT', 'DATABASE_URL'], { PORT: '8080', LOG_LEVEL: 'nonsense' });
    expect(read).toEqual({ PORT: 8080 });
    expect(() => readVariables(['PORT'], { PORT: 'x' })).toThrow(/^PORT must be a whole number\.$/);
  });

  test('every variable with a default stands by itself', () => {
    for (const [name, form] of Object.entries(variables)) {
      expect(form.safeParse(undefined).success, name).toBe(true);
    }
  });
});
