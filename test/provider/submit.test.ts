// Sending money: what every answer, and every way of not answering, is taken to mean.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEversendProvider } from '../../src/provider/eversend/adapter.ts';
import type { Provider } from '../../src/provider/provider.ts';
import {
  createTestCache,
  type Exchange,
  type HostileProvider,
  providerConfig,
  startHostileProvider,
} from '../support/hostile-provider.ts';
import { freePort } from '../support/ports.ts';
import {
  collectionAnswer,
  collectionOrder,
  open,
  payoutAnswer,
  payoutOrder,
  quotation,
  silentLog,
} from '../support/provider-orders.ts';

const bomb = gzipSync(Buffer.alloc(20_000_000));

let server: HostileProvider;
let provider: Provider;

function connectTo(url: string, more: Record<string, string> = {}): Provider {
  return createEversendProvider({ config: providerConfig(url, more), cache: createTestCache(), log: silentLog });
}

beforeAll(async () => {
  server = await startHostileProvider();
});
beforeEach(() => {
  server.calls.length = 0;
  provider = connectTo(server.url);
});
afterEach(() => provider.close());
afterAll(() => server.close());

describe('an answer that agrees', () => {
  test('a collection is sent as documented and accepted', async () => {
    const order = collectionOrder({
      customer: { email: 'a@example.com' },
      otp: { pinId: 'VE1', pin: '123456' },
      redirectUrl: 'https://shop.example/back',
    });
    server.on(({ json }) => json(200, collectionAnswer(order, { redirectUrl: 'https://pay.example/go' })));
    const ending = await provider.submitCollection(order, open());
    expect(ending).toMatchObject({
      kind: 'accepted',
      transaction: {
        providerTransactionId: 'BE31788255182123',
        reference: order.reference,
        type: 'collection',
        status: 'pending',
        amountMinor: 200_000n,
        feesMinor: null,
        redirectUrl: 'https://pay.example/go',
      },
    });
    const [call] = server.calls;
    expect(call?.path).toBe('/v1/collections/momo');
    expect(call?.headers).toMatchObject({ authorization: 'Bearer token-1', 'content-type': 'application/json' });
    expect(call?.headers['accept-encoding']).toBeUndefined();
    expect(JSON.parse(call?.body ?? '')).toEqual({
      phone: '+256712345678',
      amount: 2000,
      country: 'UG',
      currency: 'UGX',
      customer: '{"email":"a@example.com"}',
      transactionRef: order.reference,
      otp: { pinId: 'VE1', pin: '123456' },
      redirectUrl: 'https://shop.example/back',
    });
  });

  test.each([
    ['momo', { country: 'UG', phoneNumber: '+256712345678', firstName: 'John', lastName: 'Okello' }],
    [
      'bank',
      {
        country: 'UG',
        phoneNumber: '+256712345678',
        firstName: 'John',
        lastName: 'Okello',
        bankCode: '14',
        bankName: 'A Bank',
        bankAccountName: 'JOHN OKELLO',
        bankAccountNumber: '001203',
      },
    ],
    ['eversend', {}],
  ] as const)('a %s payout is sent with exactly the documented fields and accepted', async (method, fields) => {
    const order = payoutOrder({
      method,
      recipient: {
        firstName: 'John',
        lastName: 'Okello',
        phone: '+256712345678',
        bankCode: '14',
        bankName: 'A Bank',
        accountName: 'JOHN OKELLO',
        accountNumber: '001203',
      },
    });
    server.on(({ json }) => json(200, payoutAnswer(order)));
    expect(await provider.submitPayout(order, open())).toMatchObject({ kind: 'accepted' });
    expect(server.calls[0]?.path).toBe('/v1/payouts');
    expect(JSON.parse(server.calls[0]?.body ?? '')).toEqual({
      token: 'quotation-token',
      transactionRef: order.reference,
      ...fields,
    });
  });

  test('amounts are exact whether they come as numbers, as text or with zeros, and status words are told apart', async () => {
    const order = payoutOrder({ quotation: quotation({ sourceAmountMinor: 39_878n, sourceCurrency: 'KES' }) });
    const answers: [object, string][] = [
      [{ amount: 398.78, status: 'SUCCESSFUL' }, 'successful'],
      [{ amount: '398.780', status: 'completed' }, 'successful'],
      [{ amount: '398.78', status: 'Declined', reason: 'no\nsuch  subscriber' }, 'failed'],
      [{ amount: 398.78, status: 'confirming', fees: '2500.005' }, 'pending'],
    ];
    for (const [more, status] of answers) {
      server.on(({ json }) => json(200, payoutAnswer(order, more)));
      const ending = await provider.submitPayout(order, open());
      expect(ending).toMatchObject({ kind: 'accepted', transaction: { status, amountMinor: 39_878n } });
      if ('reason' in more) expect(ending).toMatchObject({ transaction: { reason: 'no such subscriber' } });
      if ('fees' in more) expect(ending).toMatchObject({ transaction: { feesMinor: 250_001n } });
    }
  });

  test('a base address with a trailing slash still gives one slash', async () => {
    const order = collectionOrder();
    const other = connectTo(`${server.url}/`, { EVERSEND_ORIGIN: 'https://shop.example' });
    server.on(({ json }) => json(200, collectionAnswer(order)));
    expect(await other.submitCollection(order, open())).toMatchObject({ kind: 'accepted' });
    expect(server.calls[0]?.path).toBe('/v1/collections/momo');
    expect(server.calls[0]?.headers['origin']).toBe('https://shop.example');
    expect(server.tokenCalls.at(-1)?.headers['origin']).toBe('https://shop.example');
    await other.close();
  });
});

describe('a success that speaks of something else is never believed', () => {
  test.each([
    ['another amount', { amount: '2001' }],
    ['a hundredth more', { amount: '2000.01' }],
    ['an amount finer than hundredths', { amount: '2000.001' }],
    ['no amount', { amount: null }],
    ['another currency', { currency: 'KES' }],
    ['another reference', { transactionRef: 'co00000000000000000000000001' }],
    ['no reference', { transactionRef: null }],
    ['no id', { transactionId: null }],
    ['a payout', { type: 'payout' }],
  ])('%s in a collection', async (_what, more) => {
    const order = collectionOrder();
    server.on(({ json }) => json(200, collectionAnswer(order, more)));
    expect(await provider.submitCollection(order, open())).toMatchObject({ kind: 'unknown', code: 'mismatch' });
  });

  test.each([
    ['the destination amount as amount', { amount: 900 }],
    ['another source currency', { currency: 'KES' }],
    ['another destination currency', { destinationCurrency: 'NGN' }],
  ])('%s in a payout', async (_what, more) => {
    const order = payoutOrder();
    server.on(({ json }) => json(200, payoutAnswer(order, more)));
    expect(await provider.submitPayout(order, open())).toMatchObject({ kind: 'unknown', code: 'mismatch' });
  });

  test('an amount beyond what floats can hold is compared digit by digit', async () => {
    const order = payoutOrder({ quotation: quotation({ sourceAmountMinor: 99_999_999_999_999n }) });
    server.on(({ response }) => {
      const body = JSON.stringify(payoutAnswer(order)).replace('999999999999.99', '999999999999.98');
      response.end(body);
    });
    expect(await provider.submitPayout(order, open())).toMatchObject({ kind: 'unknown', code: 'mismatch' });
  });

  test.each([
    ['success: false', { code: 200, success: false, message: 'Something went wrong' }, 'mismatch'],
    ['an error code inside', { code: 500, message: 'Internal error' }, 'mismatch'],
    ['"already exists" inside', { success: false, message: 'Transaction already exists' }, 'already_exists'],
  ])('a 200 with %s', async (_what, body, code) => {
    server.on(({ json }) => json(200, body));
    expect(await provider.submitCollection(collectionOrder(), open())).toMatchObject({ kind: 'unknown', code });
  });
});

const text = (status: number, message: unknown): ((exchange: Exchange) => void) => {
  return ({ json }) => json(status, { code: status, message, success: false });
};

describe('statuses and messages', () => {
  test.each([
    [400, 'customer must be a string', 'refused', 'invalid_recipient'],
    [400, { message: 'phone number must be a valid international format' }, 'refused', 'invalid_recipient'],
    [422, ['amount must not be less than 500'], 'refused', 'limit_exceeded'],
    [400, 'Insufficient balance', 'refused', 'rejected'],
    [400, 'otp is required', 'refused', 'otp_required'],
    [400, 'pinId should not be empty', 'refused', 'otp_required'],
    [400, 'Invalid OTP', 'refused', 'otp_invalid'],
    [400, 'The code you entered is incorrect', 'refused', 'otp_invalid'],
    [400, 'pin has expired', 'refused', 'otp_invalid'],
    [400, 'invalid country code', 'refused', 'rejected'],
    [400, 'transaction already exists', 'unknown', 'already_exists'],
    [422, 'Phone already verified', 'unknown', 'already_exists'],
    [409, 'transaction already exists', 'unknown', 'already_exists'],
    [409, 'Conflict', 'unknown', 'server_error'],
    [402, 'The rail refused it', 'unknown', 'payment_required'],
    [408, 'Request timeout', 'unknown', 'timeout'],
    [403, 'Forbidden', 'not_sent', 'forbidden'],
    [404, 'Not found', 'not_sent', 'forbidden'],
    [405, 'Method not allowed', 'not_sent', 'forbidden'],
    [425, 'Too early', 'not_sent', 'rate_limited'],
    [418, 'What else', 'unknown', 'server_error'],
    [500, 'An error has occurred', 'unknown', 'server_error'],
    [503, 'transaction already exists', 'unknown', 'server_error'],
  ] as const)('a collection answered %i %j is %s: %s', async (status, message, kind, code) => {
    server.on(text(status, message));
    expect(await provider.submitCollection(collectionOrder(), open())).toMatchObject({ kind, code });
  });

  test.each([
    [400, 'token expired', 'not_sent', 'quotation_expired'],
    [400, 'Quotation has expired', 'not_sent', 'quotation_expired'],
    [404, 'quotation not found', 'not_sent', 'quotation_expired'],
    [422, 'Invalid token', 'not_sent', 'quotation_expired'],
    // Each quotation is used once, so a used one means that an earlier copy of this very call arrived.
    [400, 'token already used', 'unknown', 'already_exists'],
    [400, 'Transaction already exists', 'unknown', 'already_exists'],
    [400, 'beneficiary phone is invalid', 'refused', 'invalid_recipient'],
    [400, 'invalid bank code', 'refused', 'invalid_recipient'],
    [402, 'Insufficient funds', 'unknown', 'payment_required'],
  ] as const)('a payout answered %i %j is %s: %s', async (status, message, kind, code) => {
    server.on(text(status, message));
    expect(await provider.submitPayout(payoutOrder(), open())).toMatchObject({ kind, code });
  });

  test('a call that is not allowed is a problem for the operator until it works', async () => {
    const order = collectionOrder();
    expect(provider.configurationProblem()).toBeNull();
    server.on(text(403, 'Your key lacks this permission'));
    await provider.submitCollection(order, open());
    expect(provider.configurationProblem()).toContain('Your key lacks this permission');
    server.on(({ json }) => json(200, collectionAnswer(order)));
    await provider.submitCollection(order, open());
    expect(provider.configurationProblem()).toBeNull();
  });
});

describe('answers that are no answers', () => {
  const reset: (exchange: Exchange) => void = ({ socket }) => void socket.resetAndDestroy();
  test.each<[string, (exchange: Exchange) => void, string]>([
    ['a reset before any byte of an answer', reset, 'connection_lost'],
    ['a closed connection', ({ socket }) => void socket.end(), 'connection_lost'],
    [
      'a reset in the middle of the body',
      ({ response, socket }) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"data":', () => socket.resetAndDestroy());
      },
      'unreadable',
    ],
    [
      'a body shorter than it says',
      ({ response, socket }) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"data":{}}', () => socket.end());
      },
      'unreadable',
    ],
    ['bytes that are no HTTP', ({ socket }) => void socket.end('SSH-2.0-OpenSSH\r\n\r\n'), 'unreadable'],
    ['an HTML page', ({ response }) => void response.end('<html>welcome</html>'), 'unreadable'],
    ['an empty body', ({ response }) => void response.end(), 'unreadable'],
    ['a JSON array', ({ json }) => json(200, []), 'unreadable'],
    ['JSON cut off', ({ response }) => void response.end('{"data":{"transactionId":"BE1'), 'unreadable'],
    ['100,000 levels of JSON', ({ response }) => void response.end('['.repeat(100_000)), 'unreadable'],
    [
      'a compressed body',
      ({ response }) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(bomb);
      },
      'unreadable',
    ],
    ['silence', () => undefined, 'timeout'],
    ['a head and then silence', ({ response }) => void response.writeHead(200).flushHeaders(), 'timeout'],
    [
      'an HTML page with a 502',
      ({ response }) => void response.writeHead(502).end('<html>bad gateway'),
      'server_error',
    ],
  ])('%s leaves the outcome unknown', async (_what, handle, code) => {
    server.on(handle);
    const hurried = code === 'timeout' ? connectTo(server.url, { PROVIDER_TIMEOUT_MS: '400' }) : provider;
    const startedAt = performance.now();
    const ending = await hurried.submitCollection(collectionOrder(), open());
    expect(ending).toMatchObject({ kind: 'unknown', code });
    if (code === 'timeout') expect(performance.now() - startedAt).toBeGreaterThanOrEqual(390);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(server.calls).toHaveLength(1);
    if (hurried !== provider) await hurried.close();
  });

  test('an answer that calls itself compressed is refused without a look at it', async () => {
    const order = collectionOrder();
    server.on(({ json }) => json(200, collectionAnswer(order), { 'content-encoding': 'br' }));
    expect(await provider.submitCollection(order, open())).toMatchObject({ kind: 'unknown', code: 'unreadable' });
  });

  test('50 MB are not read to their end', async () => {
    let sent = 0;
    server.on(({ response }) => {
      const chunk = Buffer.alloc(64 * 1024, ' ');
      const more = () => {
        while (sent < 50_000_000 && !response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    const before = process.memoryUsage().rss;
    expect(await provider.submitCollection(collectionOrder(), open())).toMatchObject({
      kind: 'unknown',
      code: 'unreadable',
    });
    expect(sent).toBeLessThan(20_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });

  test('a body that drips for ever is given up at the one deadline', async () => {
    server.on(({ response }) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    });
    const hurried = connectTo(server.url, { PROVIDER_TIMEOUT_MS: '400' });
    const startedAt = performance.now();
    const ending = await hurried.submitCollection(collectionOrder(), open());
    expect(ending).toMatchObject({ kind: 'unknown', code: 'timeout' });
    expect(performance.now() - startedAt).toBeGreaterThan(390);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    await hurried.close();
  });

  test.each([301, 302, 307, 308])('a %i is not followed: the other host gets not one byte', async (status) => {
    let connections = 0;
    const other = createServer(() => {
      connections += 1;
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    server.on(({ response }) => {
      response.writeHead(status, { location: `http://127.0.0.1:${port}/v1/collections/momo` }).end();
    });
    expect(await provider.submitCollection(collectionOrder(), open())).toMatchObject({
      kind: 'unknown',
      code: 'redirected',
    });
    expect(connections).toBe(0);
    other.close();
  });
});

describe('when not a byte was written, it may be sent again', () => {
  const token = { EVERSEND_CLIENT_ID: '', EVERSEND_CLIENT_SECRET: '', EVERSEND_API_KEY: 'fixed' };
  async function endingAt(url: string) {
    const other = connectTo(url, token);
    const ending = await other.submitCollection(collectionOrder(), open());
    await other.close();
    return ending;
  }

  test('a refused connection', async () => {
    const ending = await endingAt(`http://127.0.0.1:${await freePort()}/v1`);
    expect(ending).toMatchObject({ kind: 'not_sent', code: 'unreachable', message: 'ECONNREFUSED' });
  });

  test('a name that does not exist', async () => {
    expect(await endingAt('http://provider.invalid/v1')).toMatchObject({ kind: 'not_sent', code: 'unreachable' });
  });

  test('a server that does not speak TLS', async () => {
    expect(await endingAt(server.url.replace('http:', 'https:'))).toMatchObject({
      kind: 'not_sent',
      code: 'unreachable',
    });
    expect(server.calls).toHaveLength(0);
  });

  test('a server that never finishes the TLS handshake', async () => {
    const mute = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as { port: number };
    const startedAt = performance.now();
    expect(await endingAt(`https://127.0.0.1:${port}/v1`)).toMatchObject({ kind: 'not_sent', code: 'unreachable' });
    expect(performance.now() - startedAt).toBeLessThan(1000);
    mute.close();
  });
});

describe('permission to send expires', () => {
  test('not a byte is written after it', async () => {
    const ending = await provider.submitCollection(collectionOrder(), { sendBefore: performance.now() - 1 });
    expect(ending).toMatchObject({ kind: 'not_sent', code: 'too_late' });
    expect(server.calls).toHaveLength(0);
  });

  test('it is asked again at the last moment, after whatever the call had to wait for', async () => {
    server.onToken(({ json }) => void setTimeout(() => json(200, { token: 'slow' }), 100));
    const ending = await provider.submitCollection(collectionOrder(), { sendBefore: performance.now() + 50 });
    server.onToken(({ json }) => json(200, { token: 'quick' }));
    expect(ending).toMatchObject({ kind: 'not_sent', code: 'too_late' });
    expect(server.calls).toHaveLength(0);
  });

  test('a quotation near its end is not used', async () => {
    const ending = await provider.submitPayout(
      payoutOrder({ quotation: quotation({ expiresAt: new Date(Date.now() + 900) }) }),
      open(),
    );
    expect(ending).toMatchObject({ kind: 'not_sent', code: 'too_late' });
    expect(server.calls).toHaveLength(0);
  });
});

test('a collection that is not in whole units, or too large for the wire, never leaves', async () => {
  for (const amountMinor of [200_050n, 214_748_364_800n]) {
    expect(await provider.submitCollection(collectionOrder({ amountMinor }), open())).toMatchObject({
      kind: 'refused',
    });
  }
  expect(server.calls).toHaveLength(0);
});
