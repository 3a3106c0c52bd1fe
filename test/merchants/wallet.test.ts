// Wallets: opened once per owner and currency, listed with the merchant's own first, frozen and reopened.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { walletBalances } from '../../src/ledger/balances.ts';
import { createMerchant } from '../../src/merchants/merchant.ts';
import { findWallet, freezeWallet, listWallets, openWallet, unfreezeWallet } from '../../src/merchants/wallet.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

const open = (merchantId: string, owner: string, currency: string) =>
  database.db.transaction((trx) => openWallet(trx, { merchantId, owner, currency }));

test('a wallet is opened once, with two empty accounts, however many ask at once', async () => {
  const { id: merchantId } = await createMerchant(database.db, { name: 'Twins' });
  const ids = await Promise.all([1, 2, 3, 4].map(() => open(merchantId, 'customer-42', 'UGX')));
  expect(new Set(ids).size).toBe(1);
  const [id = ''] = ids;
  expect((await walletBalances(database.db, [id])).get(id)).toEqual({ availableMinor: 0n, heldMinor: 0n });
});

test("the merchant's own wallets come first, pages follow each other, and strangers' wallets are not there", async () => {
  const { id: merchantId } = await createMerchant(database.db, { name: 'Lister' });
  const { id: stranger } = await createMerchant(database.db, { name: 'Stranger' });
  for (const [owner, currency] of [
    ['b', 'UGX'],
    ['', 'USD'],
    ['a', 'KES'],
    ['', 'KES'],
    ['a', 'UGX'],
  ] as const)
    await open(merchantId, owner, currency);
  const foreign = await open(stranger, '', 'UGX');
  const names = async (of: object) =>
    (await listWallets(database.db, { merchantId, limit: 10, ...of })).map((w) => `${w.owner}:${w.currency}`);
  expect(await names({})).toEqual([':KES', ':USD', 'a:KES', 'a:UGX', 'b:UGX']);
  expect(await names({ limit: 2 })).toEqual([':KES', ':USD']);
  expect(await names({ after: { owner: '', currency: 'USD' }, limit: 2 })).toEqual(['a:KES', 'a:UGX']);
  expect(await names({ owner: 'a' })).toEqual(['a:KES', 'a:UGX']);
  expect(await names({ currency: 'KES' })).toEqual([':KES', 'a:KES']);
  await expect(findWallet(database.db, merchantId, foreign)).rejects.toMatchObject({ code: 'not_found' });
});

test('freezing says whether it changed anything, and can be taken back', async () => {
  const { id: merchantId } = await createMerchant(database.db, { name: 'Freezer' });
  const id = await open(merchantId, '', 'UGX');
  const change = (work: typeof freezeWallet) => database.db.transaction((trx) => work(trx, id));
  expect(await change(freezeWallet)).toBe(true);
  expect(await change(freezeWallet)).toBe(false);
  expect((await findWallet(database.db, merchantId, id)).frozenAt).toBeInstanceOf(Date);
  expect(await change(unfreezeWallet)).toBe(true);
  expect(await change(unfreezeWallet)).toBe(false);
  expect((await findWallet(database.db, merchantId, id)).frozenAt).toBeNull();
  await expect(database.db.transaction((trx) => freezeWallet(trx, 'wa'))).rejects.toMatchObject({ code: 'not_found' });
});
