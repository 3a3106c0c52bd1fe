// Bad input on the routes that take money: refused with the field named, never a fault of ours, and nothing is written.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { span } from '../../src/http/inputs.ts';
import { type Answered, type Api, BANK_PAYOUT, COLLECTION, openApi, PAYOUT } from '../support/api.ts';
import {
  BAD_AMOUNTS,
  BAD_BODIES,
  BAD_COUNTRIES,
  BAD_CURRENCIES,
  BAD_NAMES,
  BAD_PHONES,
  BAD_REFERENCES,
  ODD_NAMES,
} from '../support/bad-input.ts';

let api: Api;
let before: Record<string, number>;
beforeAll(async () => {
  api = await openApi();
  await api.world.fund('UGX', 10n ** 12n);
});
afterAll(() => api.close());

const QUOTE = { amount: '1000', currency: 'UGX', method: 'momo', country: 'UG', destinationCurrency: 'UGX' };
const FEES = { amount: '2000', currency: 'UGX', country: 'UG' };
const SAFE = ['/v1/collections', '/v1/payouts', '/v1/payouts/quote', '/v1/collections/fees', '/v1/collections/otp'];

/** The body with one field replaced; the field in dots. */
function withField(body: object, field: string, value: unknown): object {
  const [head = '', ...rest] = field.split('.');
  const inner = (body as Record<string, object | undefined>)[head];
  return { ...body, [head]: rest.length === 0 ? value : withField(inner ?? {}, rest.join('.'), value) };
}

function expectRefused(answered: Answered, field: string) {
  expect(answered.status, answered.text).toBe(400);
  expect(answered.headers.get('content-type')).toBe('application/problem+json');
  expect(answered.json.errors, answered.text).toContainEqual(
    expect.objectContaining({
      field,
      code: expect.stringMatching(/^[a-z0-9_]+$/),
      message: expect.stringMatching(/[.]$/),
    }),
  );
}

describe('nothing is written for', () => {
  beforeEach(async () => {
    before = await api.rows();
  });
  afterEach(async () => {
    expect(await api.rows()).toEqual(before);
  });

  const cases: readonly (readonly [string, string, object, readonly unknown[]])[] = [
    ['/v1/collections', 'amount', COLLECTION, [...BAD_AMOUNTS, '2147483648', '999999999999']],
    ['/v1/collections/fees', 'amount', FEES, BAD_AMOUNTS],
    ['/v1/payouts', 'amount', PAYOUT, BAD_AMOUNTS],
    ['/v1/payouts', 'maxFee', PAYOUT, BAD_AMOUNTS.filter((amount) => amount !== '0')],
    ['/v1/payouts/quote', 'amount', QUOTE, BAD_AMOUNTS],
    ['/v1/collections', 'phone', COLLECTION, BAD_PHONES],
    ['/v1/collections/otp', 'phone', { phone: '' }, BAD_PHONES.filter((phone) => phone !== '+254712345678')],
    ['/v1/payouts', 'recipient.phone', PAYOUT, BAD_PHONES],
    ['/v1/collections', 'currency', COLLECTION, [...BAD_CURRENCIES, 'KES', 'USD']],
    ['/v1/payouts', 'currency', PAYOUT, BAD_CURRENCIES],
    ['/v1/payouts', 'destinationCurrency', PAYOUT, [...BAD_CURRENCIES, 'KES', 'USD']],
    ['/v1/collections', 'country', COLLECTION, [...BAD_COUNTRIES, 'NG', 'US', 'SN']],
    ['/v1/payouts', 'country', PAYOUT, [...BAD_COUNTRIES, 'NG', 'US', 'ZA']],
    ['/v1/payouts', 'recipient.firstName', PAYOUT, BAD_NAMES],
    ['/v1/payouts', 'recipient.bankName', BANK_PAYOUT, BAD_NAMES],
    ['/v1/collections', 'customer.name', { ...COLLECTION, customer: {} }, BAD_NAMES],
    ['/v1/collections', 'reference', COLLECTION, BAD_REFERENCES],
    ['/v1/payouts', 'owner', PAYOUT, BAD_REFERENCES],
    ['/v1/payouts', 'method', PAYOUT, ['Momo', '', 'constructor', '__proto__', 'card', null, 1, ['momo']]],
    ['/v1/payouts', 'amountType', PAYOUT, ['Source', '', 'toString', null, 1]],
    ['/v1/payouts', 'recipient', PAYOUT, ['x', 1, [], null, true]],
    [
      '/v1/payouts',
      'beneficiaryId',
      { ...PAYOUT, recipient: undefined },
      ['be1', '', 1, "be' OR 1=1", 'be'.padEnd(28, 'x')],
    ],
    [
      '/v1/payouts',
      'scheduledAt',
      PAYOUT,
      [
        'tomorrow',
        '2026-02-30T00:00:00Z',
        '2020-01-01T00:00:00Z',
        '9999-12-31T00:00:00Z',
        '2026-12-01',
        '2026-12-01T08:00:00+02:00',
        '0000-00-00T00:00:00Z',
        1,
        null,
      ],
    ],
    [
      '/v1/payouts',
      'recipient.accountNumber',
      BANK_PAYOUT,
      ['', '123', '012345678', '01234567890', '0123 456789', '０１２３４５６７８９', 123456789, null],
    ],
    ['/v1/payouts', 'recipient.bankCode', BANK_PAYOUT, ['', 'x'.repeat(21), '../0', '0 0', 0, null]],
    [
      '/v1/collections',
      'otp.pin',
      { ...COLLECTION, otp: { pinId: 'VE1', pin: '1' } },
      ['', '123', '123456789', '12a4', '١٢٣٤', 1234, null],
    ],
    [
      '/v1/collections',
      'otp.pinId',
      { ...COLLECTION, otp: { pinId: 'x', pin: '1234' } },
      ['', 'x'.repeat(101), '../x', 'é', null],
    ],
    [
      '/v1/collections',
      'redirectUrl',
      COLLECTION,
      [
        'http://a.example/',
        'javascript:alert(1)',
        '//a.example',
        'https://u:p@a.example/',
        'https://a',
        ' https://a.example',
        `https://a.example/${'x'.repeat(2000)}`,
        'https://',
        null,
      ],
    ],
    [
      '/v1/collections',
      'customer.email',
      { ...COLLECTION, customer: {} },
      [
        '',
        'a',
        'a@b',
        '@b.cd',
        'a b@c.de',
        'a@b..cd',
        'a@-b.cd',
        `${'a'.repeat(250)}@b.cd`,
        'a@b.cd\n',
        'é@b.cd',
        null,
      ],
    ],
    [
      '/v1/collections',
      'metadata',
      COLLECTION,
      ['x', [], 1, null, Object.fromEntries([...Array(21).keys()].map((n) => [`k${n}`, 'v']))],
    ],
    [
      '/v1/collections',
      'metadata.k',
      { ...COLLECTION, metadata: {} },
      ['', 'x'.repeat(501), '\u202e', 'a\u0001', 1, null, {}, ['x']],
    ],
  ];

  test.each(cases.map(([path, field, body, values]) => ({ path, field, body, values })))(
    'a bad $field on $path',
    async ({ path, field, body, values }) => {
      for (const value of values) expectRefused(await api.post(path, withField(body, field, value)), field);
    },
  );

  test('names of metadata that no column, no log and no reader could take', async () => {
    for (const name of ['a b', 'x'.repeat(41), 'é', 'a/b', '$', '\u202e']) {
      const answered = await api.post('/v1/collections', { ...COLLECTION, metadata: { [name]: 'v' } });
      expect([answered.status, answered.json.errors?.[0]?.code]).toEqual([400, 'invalid_key']);
      expect(answered.json.errors[0].field).toMatch(/^metadata/);
      expect(answered.json.errors[0].message).toContain('Name metadata with');
    }
  });

  test.each(SAFE)('a body that is no plain JSON object on %s', async (path) => {
    for (const [, body] of BAD_BODIES) {
      const answered = await api.call('POST', path, { body });
      expect(answered.status).toBe(400);
      expect(answered.json.code).toBe('invalid_json');
    }
    expect(({} as { isAdmin?: true }).isAdmin).toBeUndefined();
  });

  test('fields that only we may set, or that nobody knows', async () => {
    const names = [
      'status',
      'state',
      'merchantId',
      'fee',
      'feeMinor',
      'charge',
      'heldMinor',
      'createdAt',
      'id',
      'role',
      'toString',
      'x y',
    ];
    for (const path of SAFE)
      for (const name of names) {
        const answered = await api.post(path, { ...COLLECTION, [name]: '1' });
        expect(answered.status).toBe(400);
        const field = name === 'x y' ? '(unreadable name)' : name;
        expect(answered.json.errors).toContainEqual(expect.objectContaining({ field, code: 'unknown_field' }));
      }
    expectRefused(await api.post('/v1/payouts', withField(PAYOUT, 'recipient.isAdmin', 'true')), 'recipient.isAdmin');
  });

  test('required fields left out, each named', async () => {
    const answered = await api.post('/v1/collections', {});
    expect(answered.json.errors.map((error: { field: string; code: string }) => [error.field, error.code])).toEqual([
      ['amount', 'required'],
      ['currency', 'required'],
      ['country', 'required'],
      ['phone', 'required'],
    ]);
    for (const field of ['country', 'destinationCurrency', 'recipient', 'method'])
      expectRefused(await api.post('/v1/payouts', { ...PAYOUT, [field]: undefined }), field);
    for (const field of ['firstName', 'lastName', 'phone'])
      expectRefused(
        await api.post('/v1/payouts', withField(PAYOUT, `recipient.${field}`, undefined)),
        `recipient.${field}`,
      );
    for (const field of ['bankCode', 'bankName', 'accountName', 'accountNumber', 'phone'])
      expectRefused(
        await api.post('/v1/payouts', withField(BANK_PAYOUT, `recipient.${field}`, undefined)),
        `recipient.${field}`,
      );
    expectRefused(
      await api.post('/v1/collections', { amount: '50', currency: 'GHS', country: 'GH', phone: '+233241234567' }),
      'redirectUrl',
    );
  });

  test('combinations that mean nothing', async () => {
    const refuse = async (more: object, field: string) =>
      expectRefused(await api.post('/v1/payouts', { ...PAYOUT, ...more }), field);
    await refuse({ amountType: 'destination' }, 'maxAmount');
    await refuse({ maxAmount: '2000' }, 'maxAmount');
    await refuse({ beneficiaryId: 'be01M82WKF13J929WMA0Z3KP0NC1' }, 'recipient');
    await refuse({ recipient: { ...PAYOUT.recipient, tag: 'john' } }, 'recipient.tag');
    await refuse({ amountType: 'destination', maxAmount: '5.5' }, 'maxAmount');
    const eversend = { method: 'eversend', country: undefined, destinationCurrency: undefined };
    await refuse({ ...eversend }, 'recipient.firstName');
    await refuse({ ...eversend, recipient: {} }, 'recipient');
    await refuse({ ...eversend, recipient: { tag: 'john', email: 'j@b.cd' } }, 'recipient');
    await refuse({ ...eversend, country: 'UG', recipient: { tag: 'john' } }, 'country');
    await refuse({ ...eversend, destinationCurrency: 'UGX', recipient: { tag: 'john' } }, 'destinationCurrency');
    await refuse({ ...eversend, amountType: 'destination', maxAmount: '1', recipient: { tag: 'john' } }, 'amountType');
    expectRefused(await api.post('/v1/payouts/quote', { ...QUOTE, recipient: { tag: 'x' } }), 'recipient');
    expectRefused(await api.post('/v1/collections', { ...COLLECTION, customer: {} }), 'customer');
    expectRefused(
      await api.post('/v1/payouts', {
        ...BANK_PAYOUT,
        country: 'DE',
        destinationCurrency: 'EUR',
        recipient: { ...BANK_PAYOUT.recipient, phone: '+491701234567', accountNumber: 'DE89370400440532013001' },
      }),
      'recipient.accountNumber',
    );
    const cents = { amount: '10.50', currency: 'KES', country: 'KE', phone: '+254712345678' };
    expectRefused(await api.post('/v1/collections', cents), 'amount');
    const decimals = { ...BANK_PAYOUT, amountType: 'destination', maxAmount: '90000', amount: '10.555' };
    expectRefused(await api.post('/v1/payouts', decimals), 'amount');
  });

  test('media types and encodings that a form or a bomb would use', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonx',
    ]) {
      const answered = await api.call('POST', '/v1/payouts', { body: PAYOUT, headers: { 'content-type': type } });
      expect([answered.status, answered.json.code]).toEqual([415, 'unsupported_media_type']);
    }
    const packed = await api.call('POST', '/v1/payouts', { body: PAYOUT, headers: { 'content-encoding': 'gzip' } });
    expect([packed.status, packed.json.code]).toEqual([415, 'unsupported_encoding']);
    const long = await api.post('/v1/payouts', { ...PAYOUT, reference: 'x'.repeat(70_000) });
    expect([long.status, long.json.code]).toEqual([413, 'body_too_large']);
  });
});

describe('what is unusual and right', () => {
  test.each([
    ['UG', 'UGX', '+256712345678', '500'],
    ['KE', 'KES', '+254712345678', '10.00'],
    ['RW', 'RWF', '+250781234567', '100'],
    ['CM', 'XAF', '+237671234567', '500'],
    ['CI', 'XOF', '+2250701234567', '500'],
    ['TZ', 'TZS', '+255712345678', '2147483647'],
  ])('a collection in %s in %s is accepted', async (country, currency, phone, amount) => {
    expect((await api.post('/v1/collections', { amount, currency, country, phone })).status).toBe(202);
  });

  test('a collection in Ghana is accepted with everything a caller can say', async () => {
    const answered = await api.post('/v1/collections', {
      amount: '50',
      currency: 'GHS',
      country: 'GH',
      phone: '+233241234567',
      owner: 'customer-42',
      otp: { pinId: 'VE0a1b2c', pin: '123456' },
      customer: { name: "Ama O'Brien", email: 'ama@example.com' },
      redirectUrl: 'https://shop.example/paid?x=1',
      reference: 'INV-7',
      metadata: { k: 'v', 'order.no': 'ünï 🙂' },
    });
    expect(answered.status).toBe(202);
    expect(answered.json).toMatchObject({
      owner: 'customer-42',
      reference: 'INV-7',
      metadata: { 'order.no': 'ünï 🙂' },
    });
  });

  test('names that only look hostile are kept as text, in one normal form', async () => {
    for (const name of [...ODD_NAMES, 'Jose\u0301']) {
      const answered = await api.post('/v1/payouts', withField(PAYOUT, 'recipient.lastName', name));
      expect(answered.status, `${name} ${answered.text}`).toBe(202);
    }
  });

  test('payouts to every method are accepted, by source and by destination', async () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    const accepted = [
      { ...PAYOUT, maxFee: '0', scheduledAt: inAnHour, owner: undefined, reference: '!~', metadata: {} },
      BANK_PAYOUT,
      { ...BANK_PAYOUT, amountType: 'destination', amount: '5000.25', maxAmount: '20000', maxFee: '500' },
      {
        ...PAYOUT,
        country: 'SN',
        destinationCurrency: 'XOF',
        recipient: { ...PAYOUT.recipient, phone: '+221771234567' },
      },
      {
        ...PAYOUT,
        country: 'ZM',
        destinationCurrency: 'ZMW',
        recipient: { ...PAYOUT.recipient, phone: '+260971234567' },
      },
      {
        ...BANK_PAYOUT,
        country: 'DE',
        destinationCurrency: 'EUR',
        recipient: { ...BANK_PAYOUT.recipient, phone: '+491701234567', accountNumber: 'DE89370400440532013000' },
      },
      { amount: '1', currency: 'UGX', method: 'eversend', recipient: { tag: 'adaexample' } },
      { amount: '1', currency: 'UGX', method: 'eversend', recipient: { phone: '+2348030000000' } },
      { amount: '1', currency: 'UGX', method: 'eversend', recipient: { email: 'ada.b+c@mail.example.com' } },
    ];
    for (const body of accepted) {
      const answered = await api.post('/v1/payouts', body);
      expect(answered.status, answered.text).toBe(202);
    }
  });
});

test('a span of time is minutes, hours or days, "0" is none, and more than 30 days is refused', () => {
  const read = (given: string) => span.safeParse(given).data ?? null;
  expect(['0', '1m', '24h', '30d', '720h'].map(read)).toEqual([0, 60_000, 86_400_000, 2_592_000_000, 2_592_000_000]);
  expect(['31d', '0h', '1', '1s', '-1h', '1.5h', ''].map(read)).toEqual(Array(7).fill(null));
});
