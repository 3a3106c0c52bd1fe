// Beneficiaries: one account saved once, paid by its id, verified as far as anybody can tell, and gone when deleted.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderRejected, ProviderUnavailable } from '../../src/errors.ts';
import * as views from '../../src/http/beneficiary-views.ts';
import { newId } from '../../src/ids.ts';
import { addBeneficiary, Beneficiary } from '../../src/merchants/beneficiary.ts';
import { isSameName } from '../../src/merchants/verification.ts';
import { type Api, BANK_PAYOUT, openApi, PAYOUT } from '../support/api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
  await api.world.fund('UGX', 10n ** 12n);
});
afterAll(() => api.close());

let phones = 0;
/** A phone nobody has been saved under yet. */
const somebody = () => {
  phones += 1;
  const phone = `+25677${String(2_000_000 + phones)}`;
  return { method: 'momo', country: 'UG', recipient: { firstName: 'John', lastName: 'Okello', phone } };
};
const BANK = { method: 'bank', country: 'NG', recipient: BANK_PAYOUT.recipient };
const save = async (body: object, key?: string) =>
  (await api.post('/v1/beneficiaries', body, key === undefined ? {} : { key })).json;
const audited = (subject: string) => api.world.db('audit_log').where({ subject }).orderBy('id').pluck('action');

describe('a beneficiary', () => {
  it('is saved, read and listed as it was given, and described', async () => {
    const body = { ...somebody(), reference: 'staff-12' };
    const answered = await api.post('/v1/beneficiaries', body);
    expect(answered.status).toBe(201);
    expect(answered.json).toMatchObject({ ...body, verification: null });
    expect(views.beneficiary.safeParse(answered.json).error).toBeUndefined();
    expect((await api.get(`/v1/beneficiaries/${answered.json.id}`)).text).toBe(answered.text);
    expect((await api.get('/v1/beneficiaries?reference=staff-12')).json).toEqual({
      data: [answered.json],
      nextCursor: null,
    });
    expect(await audited(answered.json.id)).toEqual(['beneficiaries.create']);
  });

  it('is answered again under its key, byte for byte, and made once of many at the same moment', async () => {
    const body = somebody();
    const idempotencyKey = 'a-beneficiary-at-once-1';
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => api.post('/v1/beneficiaries', body, { idempotencyKey })),
    );
    const done = answers.filter(({ status }) => status === 201);
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
    for (const { status, json } of answers)
      if (status !== 201) expect([status, json.code]).toEqual([409, 'request_in_progress']);
    const again = await api.post('/v1/beneficiaries', body, { idempotencyKey });
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([done[0]?.text, 'true']);
  });

  it('is one, in whatever form the account is written: the second saving names the first', async () => {
    const pairs = [
      [somebody(), { firstName: 'JOHN', lastName: 'O.' }],
      [{ method: 'eversend', recipient: { email: 'Ada.B@example.com' } }, { email: 'ada.b@EXAMPLE.com' }],
      [{ method: 'eversend', recipient: { tag: 'AdaExample' } }, { tag: 'adaexample' }],
      [BANK, { accountName: 'A EXAMPLE' }],
    ] as const;
    for (const [body, otherForm] of pairs) {
      const { id } = await save(body);
      const second = await api.post('/v1/beneficiaries', { ...body, recipient: { ...body.recipient, ...otherForm } });
      expect([second.status, second.json.code], second.text).toEqual([409, 'conflict']);
      expect(second.json.detail).toContain(id);
    }
    // The same number at another bank, and the same phone by another method, are other accounts.
    const otherBank = { ...BANK, recipient: { ...BANK.recipient, bankCode: '0001' } };
    expect((await api.post('/v1/beneficiaries', otherBank)).status).toBe(201);
    const wallet = { method: 'eversend', recipient: { phone: '+256772000001' } };
    expect((await api.post('/v1/beneficiaries', wallet)).status).toBe(201);
  });

  it('is saved once by two processes that race for it', async () => {
    const body = somebody();
    const beside = await openApi({ beside: api });
    const ends = await Promise.all(
      Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? api : beside).post('/v1/beneficiaries', body)),
    );
    expect(ends.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(ends.filter(({ status, json }) => status === 409 && json.code === 'conflict')).toHaveLength(11);
  });

  it('is read by the rules of a payout’s recipient', async () => {
    const fields = async (body: object) => {
      const { status, json } = await api.post('/v1/beneficiaries', body);
      return [status, ...json.errors.map(({ field, code }: { field: string; code: string }) => `${field} ${code}`)];
    };
    const john = somebody();
    expect(await fields({ ...john, recipient: { phone: '+256772999999' } })).toEqual([
      400,
      'recipient.firstName required',
      'recipient.lastName required',
    ]);
    expect(await fields({ ...john, country: 'NG' })).toEqual([
      400,
      'country unsupported_country',
      'recipient.phone wrong_country',
    ]);
    expect(await fields({ method: 'momo', recipient: john.recipient })).toEqual([400, 'country required']);
    expect(await fields({ ...john, method: 'eversend', recipient: { tag: 'a' } })).toEqual([
      400,
      'country not_allowed_here',
    ]);
  });

  it('belongs to its merchant alone: to another it is not there, and the same person may be theirs too', async () => {
    const body = somebody();
    const { id } = await save(body);
    const { secret: key } = await api.stranger();
    for (const method of ['GET', 'DELETE'])
      expect((await api.call(method, `/v1/beneficiaries/${id}`, { key })).status).toBe(404);
    const theirs = await save(body, key);
    expect(theirs.id).not.toBe(id);
    expect((await api.get('/v1/beneficiaries', { key })).json.data).toEqual([theirs]);
  });

  it('is listed newest first, by pages that neither lose nor repeat one, and by method and country', async () => {
    const { secret: key } = await api.stranger();
    const ids: string[] = [];
    for (const body of [somebody(), BANK, somebody(), { method: 'eversend', recipient: { tag: 'grace' } }, somebody()])
      ids.unshift((await save(body, key)).id);
    const found: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await api.get(`/v1/beneficiaries?limit=2${cursor && `&cursor=${cursor}`}`, { key });
      found.push(...page.json.data.map(({ id }: { id: string }) => id));
      cursor = page.json.nextCursor;
    }
    expect(found).toEqual(ids);
    const count = async (filter: string) => (await api.get(`/v1/beneficiaries?${filter}`, { key })).json.data.length;
    expect([await count('method=momo'), await count('country=NG'), await count('method=bank&country=UG')]).toEqual([
      3, 1, 0,
    ]);
  });

  it('holds no name, phone or account in clear', async () => {
    await save({ ...somebody(), recipient: { firstName: 'Canary', lastName: 'Vogel', phone: '+256772888888' } });
    for (const table of ['beneficiaries', 'personal_data', 'idempotency_keys', 'audit_log']) {
      const { rows } = await api.world.db.raw(`SELECT t::text AS text FROM ${table} t`);
      for (const row of rows) expect(row.text).not.toMatch(/Canary|Vogel|772888888/);
    }
  });
});

describe('a deleted beneficiary', () => {
  it('is erased: not read, listed, paid or verified, while its id stays with what was paid', async () => {
    const body = somebody();
    const { id } = await save(body);
    const { recipient: _, ...byId } = { ...PAYOUT, beneficiaryId: id };
    const idempotencyKey = 'paid-before-it-was-deleted';
    const paid = await api.post('/v1/payouts', byId, { idempotencyKey });
    expect((await api.call('DELETE', `/v1/beneficiaries/${id}`)).json).toEqual({ id, deleted: true });
    expect((await api.call('DELETE', `/v1/beneficiaries/${id}`)).status).toBe(404);
    expect((await api.get(`/v1/beneficiaries/${id}`)).status).toBe(404);
    const listed = (await api.get('/v1/beneficiaries?limit=100')).json.data;
    expect(listed.map((one: { id: string }) => one.id)).not.toContain(id);
    for (const path of ['/v1/payouts', '/v1/beneficiaries/verify']) {
      const refused = await api.post(path, path === '/v1/payouts' ? byId : { beneficiaryId: id });
      expect([refused.status, refused.json.errors[0].code]).toEqual([400, 'unknown_beneficiary']);
    }
    const [row] = await api.world.db('personal_data').where({ subject_id: id });
    expect(row).toMatchObject({ sealed: null, account_hash: null, last_four_hash: null });
    expect(await audited(id)).toEqual(['beneficiaries.create', 'beneficiaries.delete']);
    // What was accepted stays accepted, and keeps whom it pays.
    expect((await api.post('/v1/payouts', byId, { idempotencyKey })).text).toBe(paid.text);
    const payout = (await api.get(`/v1/payouts/${paid.json.id}`)).json;
    expect(payout.accountNumber).toBe(body.recipient.phone);
    expect(await api.world.db('transactions').where({ id: payout.id }).pluck('beneficiary_id')).toEqual([id]);
  });

  it('leaves its account free to be saved anew, under another id', async () => {
    const body = somebody();
    const first = await save(body);
    await api.call('DELETE', `/v1/beneficiaries/${first.id}`);
    const second = await save(body);
    expect(second.id).toMatch(/^be/);
    expect(second.id).not.toBe(first.id);
  });
});

describe('a payout by beneficiaryId', () => {
  const byId = (body: { method: string; country?: string }, id: string, destinationCurrency?: string) => ({
    amount: '1000',
    currency: 'UGX',
    method: body.method,
    ...(body.country === undefined ? {} : { country: body.country, destinationCurrency }),
    beneficiaryId: id,
  });

  it('pays a phone, a bank account and an Eversend wallet', async () => {
    const kinds = [
      [somebody(), 'UGX', (r: Record<string, string>) => r['phone']],
      [
        { ...BANK, recipient: { ...BANK.recipient, accountNumber: '0000000017' } },
        'NGN',
        (r: Record<string, string>) => r['accountNumber'],
      ],
      [
        { method: 'eversend', recipient: { email: 'paid@example.com' } },
        undefined,
        (r: Record<string, string>) => r['email'],
      ],
    ] as const;
    for (const [body, currency, account] of kinds) {
      const { id } = await save(body);
      const answered = await api.post('/v1/payouts', byId(body, id, currency));
      expect(answered.status, answered.text).toBe(202);
      expect(answered.json.accountNumber).toBe(account(body.recipient as never));
    }
  });

  it('gives the same answer for another merchant’s id as for one that nobody has', async () => {
    const body = somebody();
    const { secret: key } = await api.stranger();
    const theirs = await save(body, key);
    const before = await api.rows();
    const one = await api.post('/v1/payouts', byId(body, theirs.id, 'UGX'));
    const other = await api.post('/v1/payouts', byId(body, newId('beneficiary'), 'UGX'));
    const { requestId: _, ...said } = one.json;
    expect([one.status, said.errors[0].code]).toEqual([400, 'unknown_beneficiary']);
    expect(other.json).toMatchObject(said);
    expect(await api.rows()).toEqual(before);
  });

  it('is refused where the method or country is not the beneficiary’s', async () => {
    const body = somebody();
    const { id } = await save(body);
    const refused = await api.post('/v1/payouts', byId({ method: 'momo', country: 'KE' }, id, 'KES'));
    expect([refused.status, refused.json.errors[0].code]).toEqual([400, 'wrong_corridor']);
  });
});

describe('verification', () => {
  const verify = (body: object) => api.post('/v1/beneficiaries/verify', body);

  it('compares the bank’s name with the one given, and says when there was none to compare', async () => {
    api.world.provider.verifyBankAccount = async () => ({ accountName: 'EXAMPLE ADA' });
    const { bankCode, accountNumber } = BANK.recipient;
    const account = { method: 'bank', country: 'NG', recipient: { bankCode, accountNumber } };
    const named = (accountName: string) => ({ ...account, recipient: { ...account.recipient, accountName } });
    const accountName = 'EXAMPLE ADA';
    expect((await verify(BANK)).json).toEqual({ status: 'verified', accountName });
    expect((await verify(named('Adá Example'))).json).toEqual({ status: 'verified', accountName });
    expect((await verify(named('Grace Example'))).json).toEqual({ status: 'name_mismatch', accountName });
    const person = { ...account.recipient, firstName: 'Ada', lastName: 'Example' };
    expect((await verify({ ...account, recipient: person })).json).toMatchObject({ status: 'verified' });
    const half = { ...account.recipient, firstName: 'Ada' };
    expect((await verify({ ...account, recipient: half })).json).toMatchObject({ status: 'exists' });
    const exists = await verify(account);
    expect([exists.status, exists.json]).toEqual([200, { status: 'exists', accountName }]);
    expect(views.verified.safeParse(exists.json).error).toBeUndefined();
  });

  it('says not_found where the provider knows no such account, and nothing at all where it cannot be asked', async () => {
    api.world.provider.verifyBankAccount = async () => {
      throw new ProviderRejected('rejected', 'no', 'account could not be resolved');
    };
    expect((await verify(BANK)).json).toEqual({ status: 'not_found', accountName: null });
    api.world.provider.verifyBankAccount = async () => {
      throw new ProviderUnavailable('timeout', 'The provider cannot be asked right now.');
    };
    expect((await verify(BANK)).status).toBe(503);
    api.world.provider.eversendAccountExists = async ({ phone }) => phone === undefined;
    const wallet = (recipient: object) => verify({ method: 'eversend', recipient });
    expect((await wallet({ email: 'ada@example.com' })).json).toEqual({ status: 'exists', accountName: null });
    expect((await wallet({ phone: '+256712345678' })).json).toEqual({ status: 'not_found', accountName: null });
  });

  it('never calls verified what nobody can be asked about', async () => {
    const bodies = [
      { method: 'momo', country: 'UG', recipient: { phone: '+256712345678' } },
      { method: 'eversend', recipient: { tag: 'adaexample' } },
    ];
    for (const body of bodies) {
      const { status, json } = await verify(body);
      expect([status, json.code]).toEqual([422, 'verification_unsupported']);
    }
  });

  it('is kept with a saved beneficiary, and asks for either an id or an account', async () => {
    api.world.provider.verifyBankAccount = async () => ({ accountName: 'Ada Example' });
    const { id } = await save({ ...BANK, recipient: { ...BANK.recipient, accountNumber: '0000000025' } });
    expect((await verify({ beneficiaryId: id })).json.status).toBe('verified');
    const kept = (await api.get(`/v1/beneficiaries/${id}`)).json.verification;
    expect(kept).toEqual({ status: 'verified', at: expect.stringMatching(/Z$/) });
    expect(await audited(id)).toEqual(['beneficiaries.create', 'beneficiaries.verify']);
    expect((await verify({ beneficiaryId: id, method: 'bank' })).json.errors[0]).toMatchObject({ field: 'method' });
    expect((await verify({})).json.errors[0]).toMatchObject({ field: 'method', code: 'required' });
    const unnamed = await verify({ method: 'bank', country: 'NG', recipient: { bankCode: '0000' } });
    expect([unnamed.status, unnamed.json.errors[0].field]).toEqual([400, 'recipient.accountNumber']);
    expect((await verify({ ...BANK, country: 'ZW' })).json.errors[0].field).toBe('country');
  });

  it.each([
    ['Ada Example', 'EXAMPLE, ADA', true],
    ['Ada Example', 'MRS ADA N. EXAMPLE', true],
    ['Ada', 'ADA', true],
    ['Ada', 'ADA EXAMPLE', false],
    ['Ada Okello', 'ADA EXAMPLE', false],
    ['José Núñez', 'JOSE NUNEZ', true],
    ['...', 'ADA', false],
  ])('takes %s and %s for the same name: %s', (given, said, same) => {
    expect([isSameName(given, said), isSameName(said, given)]).toEqual([same, same]);
  });
});

describe('what names no account', () => {
  it('cannot be saved, whoever forgot to look', async () => {
    const { db, vault, merchantId } = api.world;
    const of = {
      merchantId,
      method: 'momo',
      country: 'UG',
      recipient: { firstName: 'John' },
      reference: null,
    } as const;
    await expect(db.transaction((trx) => addBeneficiary(trx, vault, of))).rejects.toMatchObject({ status: 500 });
  });
});

describe('an erased person', () => {
  it('is no beneficiary any more, whoever erased the data behind it', async () => {
    const { world } = api;
    const recipient = { firstName: 'John', lastName: 'Okello', phone: '+256772777777' };
    const of = { merchantId: world.merchantId, method: 'momo', country: 'UG', recipient, reference: null } as const;
    const { id } = await world.db.transaction((trx) => addBeneficiary(trx, world.vault, of));
    expect(await Beneficiary.find(world, world.merchantId, id)).toMatchObject({ recipient });
    await world
      .db('personal_data')
      .where({ subject_id: id })
      .update({ sealed: null, account_hash: null, last_four_hash: null, erased_at: new Date() });
    expect(await Beneficiary.find(world, world.merchantId, id)).toBeNull();
  });
});
