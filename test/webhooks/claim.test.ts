// What a callback claims to be about, in whatever shape it comes.
import { expect, test } from 'vitest';
import { newId } from '../../src/ids.ts';
import { readClaim } from '../../src/webhooks/claim.ts';

const read = (body: unknown) => readClaim(Buffer.from(JSON.stringify(body)));

test('a reference is ours when it could be a payout’s or a collection’s, under any of its names, flat or nested', () => {
  for (const reference of [newId('payout'), newId('collection')]) {
    for (const name of ['transactionRef', 'reference', 'transactionReference']) {
      expect(read({ [name]: reference })).toMatchObject({ reference });
      expect(read({ data: { [name]: reference, status: 'SUCCESSFUL' } })).toMatchObject({
        reference,
        status: 'successful',
      });
    }
  }
  expect(read({ transactionRef: newId('wallet') })).toMatchObject({ reference: null });
  expect(read({ transactionRef: 'INV-7', transactionId: 'BP1' })).toEqual({
    reference: null,
    providerTransactionId: 'BP1',
    status: null,
  });
});

test('what is no plain text is not read', () => {
  for (const value of [5, null, ['BP1'], 'two words', 'x'.repeat(101), ''])
    expect(read({ transactionId: value })).toBeNull();
});
