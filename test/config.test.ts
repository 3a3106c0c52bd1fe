// Configuration: every wrong or missing variable is one clear sentence that names it.
import { describe, expect, test } from 'vitest';
import { ConfigurationError, readConfig, readVariables, variables } from '../src/config.ts';

const key = Buffer.from(Array.from({ length: 32 }, (_, n) => n + 1)).toString('base64');
const otherKey = Buffer.from(Array.from({ length: 32 }, (_, n) => n + 2)).toString('base64');
const complete = {
  DATABASE_URL: 'postgres://app@db.example/payments',
  DATA_ENCRYPTION_KEY: key,
  EVERSEND_WEBHOOK_SECRET: '0f4a9c81b7e2d35660fa',
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
    ['EVERSEND_WEBHOOK_ALLOWED_ADDRESSES', '203.0.113.0/33'],
    ['DELIVERY_SCHEDULE_MS', '5s'],
    ['WEBHOOK_ALLOW_LOCAL', 'yes'],
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

describe('where real money moves', () => {
  const PUBLIC_REDIS = 'redis://203.0.113.7:6379';
  test.each([
    ['EVERSEND_WEBHOOK_SECRET', 'short-0a1b2c3d'],
    ['EVERSEND_WEBHOOK_SECRET', 'simulator-webhook-secret'],
    ['EVERSEND_WEBHOOK_SECRET', 'changeme-changeme-changeme'],
    ['EVERSEND_WEBHOOK_SECRET', 'aaaaaaaaaaaaaaaaaaaaaaaa'],
    ['EVERSEND_WEBHOOK_SECRET', `${complete.EVERSEND_WEBHOOK_SECRET},secret`],
    ['DATA_ENCRYPTION_KEY', Buffer.alloc(32).toString('base64')],
    ['DATA_ENCRYPTION_KEY', `${key},${Buffer.alloc(32, 'abc').toString('base64')}`],
    ['EVERSEND_BASE_URL', 'http://api.eversend.co/v1'],
    ['REDIS_URL', PUBLIC_REDIS],
    ['REDIS_URL', 'rediss://cache.example.com:6380/1'],
    ['REDIS_URL', 'redis://user@203.0.113.7'],
    ['REDIS_URL', 'redis://10.0.0.1:6379,203.0.113.7:6379'],
    ['REDIS_URL', 'redis://[2001:db8::7]:6379'],
  ])('%s=%s is refused, and taken where nothing is worth stealing', (name, text) => {
    const sentences = refusal({ ...complete, [name]: text }).split('\n');
    expect(sentences).toHaveLength(1);
    expect(sentences[0]).toMatch(new RegExp(`^${name} .{20,}\\.$`));
    if (name !== 'REDIS_URL') expect(sentences[0]).not.toContain(text);
    expect(() => readConfig({ ...complete, [name]: text, API_ENVIRONMENT: 'test' })).not.toThrow();
  });

  test.each([
    'redis://:a-password@203.0.113.7',
    'redis://user:pw@cache.example.com/1',
    'redis://127.0.0.1:6379',
    'redis://redis:6379',
    'redis://10.1.2.3,172.20.1.2:6380?sentinel=main',
    'redis://[::1]:6379',
    'redis://cache.internal',
  ])('REDIS_URL=%s is taken', (REDIS_URL) => {
    expect(readConfig({ ...complete, REDIS_URL }).REDIS_URL).toBe(REDIS_URL);
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

  test('endpoints on this machine are refused where money is live', () => {
    const local = { ...complete, WEBHOOK_ALLOW_LOCAL: 'true' };
    expect(refusal(local)).toMatch(/^WEBHOOK_ALLOW_LOCAL must be false: [a-z ]+\.$/);
    expect(readConfig({ ...local, API_ENVIRONMENT: 'test' }).WEBHOOK_ALLOW_LOCAL).toBe('true');
  });

  test('several keys and secrets are told apart during a rotation', () => {
    const config = readConfig({
      ...complete,
      DATA_ENCRYPTION_KEY: `${otherKey}, ${key}`,
      EVERSEND_WEBHOOK_SECRET: '1b7e2d35660fa0f4a9c8, 0f4a9c81b7e2d35660fa',
    });
    expect(config.DATA_ENCRYPTION_KEYS.map((bytes) => bytes[0])).toEqual([2, 1]);
    expect(config.EVERSEND_WEBHOOK_SECRETS).toEqual(['1b7e2d35660fa0f4a9c8', '0f4a9c81b7e2d35660fa']);
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
