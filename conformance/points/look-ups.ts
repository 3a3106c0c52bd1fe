// Look-ups: the only word on which money is concluded, so what proves nothing must say so.
import { newId } from '../../src/ids.ts';
import { anyOf, type Point, Rule, type See } from '../point.ts';
import { DIRECTIONS, HASTY_MS, type Stage } from '../stage.ts';

const LOOK_UP_FAULTS = ['error_before', 'html_before', 'reset_before', 'rate_limit', 'forbidden', 'redirect'];
const READING_FAULTS = ['empty', 'not_json', 'truncated', 'error_in_200'];

async function broken(stage: Stage, see: See, group: 'lookup' | 'list', faults: readonly string[]) {
  for (const fault of faults) {
    const provider = await stage.open(fault === 'hang_before' ? { timeoutMs: HASTY_MS } : {});
    await stage.order({ [group]: { next: [fault, fault, fault] } });
    const ending = await provider.lookUp({ reference: newId('payout'), providerTransactionId: null });
    see(`a look-up with ${fault} at ${group}`, ending.kind, 'unavailable');
    await stage.order({ [group]: { next: [] } });
  }
}

export const LOOK_UPS: readonly Point[] = [
  {
    id: 'found',
    expected: 'What was executed is found by our reference, by the provider’s id and by the list, in every shape.',
    async check(stage, see) {
      const shapes = [{}, { flat: true }, { flat: false, numericAmounts: true }, { disableByReference: true }];
      for (const direction of DIRECTIONS) {
        const { reference, provider } = await stage.send(direction);
        await stage.control(`/transactions/${reference}`, { status: 'successful' });
        const [providerTransactionId = ''] = (await stage.booked(reference)).transactionIds;
        const transaction = {
          providerTransactionId,
          reference,
          type: direction,
          status: 'successful',
          currency: 'UGX',
          amountMinor: 100_000n,
          feesMinor: direction === 'payout' ? 250_000n : 1_500n,
        };
        for (const lookup of shapes) {
          await stage.order({ lookup });
          for (const id of [null, providerTransactionId]) {
            const ending = await provider.lookUp({ reference, providerTransactionId: id });
            see(`a ${direction} with ${JSON.stringify(lookup)}`, ending, { kind: 'found', transaction });
          }
        }
        await stage.order({ lookup: { flat: false, numericAmounts: false, disableByReference: false } });
      }
    },
  },
  {
    id: 'not-found',
    expected: 'What neither the address nor the list knows is `not_found`.',
    async check(stage, see) {
      const { provider } = await stage.send('collection');
      for (const providerTransactionId of [null, 'BE1']) {
        const ending = await provider.lookUp({ reference: newId('payout'), providerTransactionId });
        see('a reference never sent', ending, { kind: 'not_found' });
      }
    },
  },
  {
    id: 'look-up-fails',
    expected: 'A look-up that fails is `unavailable`, never `not_found`: it proves nothing.',
    async check(stage, see) {
      await broken(stage, see, 'lookup', [...LOOK_UP_FAULTS, ...READING_FAULTS, 'hang_before']);
    },
  },
  {
    id: 'list-fails',
    expected: 'A look-up whose second question (the list) fails is `unavailable` too.',
    async check(stage, see) {
      await broken(stage, see, 'list', [...LOOK_UP_FAULTS, ...READING_FAULTS, 'hang_before']);
    },
  },
  {
    id: 'look-up-lags',
    expected: 'What a look-up does not show yet is found once it does: no answer is remembered.',
    async check(stage, see) {
      await stage.order({ lookup: { lagMs: 10_000 } });
      const { reference, provider } = await stage.send('payout');
      const lookUp = () => provider.lookUp({ reference, providerTransactionId: null });
      see('at once', (await lookUp()).kind, 'not_found');
      await stage.control('/clock', { advanceMs: 10_001 });
      see('ten seconds later', (await lookUp()).kind, 'found');
    },
  },
  {
    id: 'strangers',
    expected: 'Another’s transaction is never taken for ours, whatever a look-up or a search shows.',
    async check(stage, see) {
      const { reference, provider } = await stage.send('collection');
      await stage.send('payout', { provider });
      const [providerTransactionId = ''] = (await stage.booked(reference)).transactionIds;
      const ours = newId('payout');
      const others = new Rule('not found', (kind: string) => kind !== 'found');
      see(
        'by an id that is another’s',
        (await provider.lookUp({ reference: ours, providerTransactionId })).kind,
        others,
      );
      await stage.order({ list: { disableSearch: true }, lookup: { disableByReference: true } });
      see(
        'in a list of others',
        (await provider.lookUp({ reference: ours, providerTransactionId: null })).kind,
        others,
      );
    },
  },
  {
    id: 'cut-short',
    expected: 'A search with more matches than it shows is no proof: not `not_found`.',
    async check(stage, see) {
      const { reference, provider } = await stage.send('collection');
      await Promise.all(Array.from({ length: 120 }, () => stage.send('collection', { provider })));
      await stage.order({ list: { disableSearch: true }, lookup: { disableByReference: true } });
      const ending = await provider.lookUp({ reference, providerTransactionId: null });
      see('the oldest of 121', ending.kind, anyOf('unavailable', 'found'));
    },
  },
  {
    id: 'statuses',
    expected: 'Pending, successful and failed are told apart; every word not known is pending.',
    async check(stage, see) {
      await stage.order({ outcome: { processing: 1 } });
      const { reference, provider } = await stage.send('payout');
      const look = () => provider.lookUp({ reference, providerTransactionId: null });
      see('processing', await look(), { kind: 'found', transaction: { status: 'pending' } });
      await stage.control(`/transactions/${reference}`, { status: 'failed', reason: 'Line down' });
      see('failed', await look(), { kind: 'found', transaction: { status: 'failed', reason: 'Line down' } });
      await stage.control(`/transactions/${reference}`, { status: 'successful' });
      see('late success', await look(), { kind: 'found', transaction: { status: 'successful', isRefunded: false } });
    },
  },
  {
    id: 'returned',
    expected: 'Money that went back is seen to have gone back.',
    async check(stage, see) {
      const { reference, provider } = await stage.send('payout');
      await stage.control(`/transactions/${reference}`, { status: 'successful', refund: true });
      const ending = await provider.lookUp({ reference, providerTransactionId: null });
      see('a refunded payout', ending, { kind: 'found', transaction: { isRefunded: true } });
    },
  },
  {
    id: 'other-amount',
    expected: 'What the provider really moved is reported as it is, also when it is not what was asked for.',
    async check(stage, see) {
      const { reference, provider } = await stage.send('collection');
      await stage.control(`/transactions/${reference}`, { status: 'successful', amount: '999.5' });
      const ending = await provider.lookUp({ reference, providerTransactionId: null });
      see('a collection of 1000', ending, {
        kind: 'found',
        transaction: { status: 'successful', amountMinor: 99_950n },
      });
    },
  },
];
