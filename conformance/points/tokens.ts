// The access token: renewed once, by one for all, and never a reason to lose or to double a payment.
import { newId } from '../../src/ids.ts';
import type { Point } from '../point.ts';
import { DIRECTIONS } from '../stage.ts';

export const TOKENS: readonly Point[] = [
  {
    id: 'token-refused',
    expected: 'A 401 renews the token once, and the call goes again under the same reference.',
    async check(stage, see) {
      for (const direction of DIRECTIONS) {
        const [calls, tokens] = [await stage.arrived('submit'), await stage.arrived('token')];
        const { ending, reference } = await stage.send(direction, { faults: ['unauthorized'] });
        see(`a ${direction} whose token was refused`, ending, { kind: 'accepted', transaction: { reference } });
        see('executions under its reference', (await stage.booked(reference)).executed, 1);
        see('money calls', (await stage.arrived('submit')) - calls, 2);
        see('tokens fetched', (await stage.arrived('token')) - tokens, 2);
      }
    },
  },
  {
    id: 'token-refused-twice',
    expected: 'A second 401 is `not_sent`, a problem for the operator, and not followed by a third try.',
    async check(stage, see) {
      const faults = ['unauthorized', 'unauthorized', 'none'];
      const { ending, reference, provider } = await stage.send('collection', { faults });
      see('a collection refused twice', ending, { kind: 'not_sent', code: 'unauthenticated' });
      see('executions of it', (await stage.booked(reference)).executed, 0);
      see('money calls', await stage.arrived('submit'), 2);
      see('whether the operator is told', provider.configurationProblem() !== null, true);
    },
  },
  {
    id: 'single-flight',
    expected: 'Twenty calls whose token is revoked under them fetch one new token, and all of them go through.',
    async check(stage, see) {
      const provider = await stage.open();
      await provider.wallets();
      await stage.order({ token: { revoke: true } });
      const before = await stage.arrived('token');
      const sent = await Promise.all(Array.from({ length: 20 }, () => stage.send('collection', { provider })));
      for (const { ending } of sent) see('one of twenty', ending.kind, 'accepted');
      see('tokens fetched', (await stage.arrived('token')) - before, 1);
    },
  },
  {
    id: 'token-kept',
    expected: 'A token is fetched once and used until it ends, not for every call.',
    async check(stage, see) {
      const provider = await stage.open();
      for (let call = 0; call < 5; call += 1) await provider.wallets();
      see('tokens fetched for five calls', await stage.arrived('token'), 1);
    },
  },
  {
    id: 'no-token',
    expected: 'Without a token nothing is sent: `not_sent`, whether the token endpoint is in trouble or refuses us.',
    async check(stage, see) {
      await stage.order({ token: { error_before: 1 } });
      see('a token endpoint in trouble', (await stage.send('collection')).ending, { kind: 'not_sent' });
      await stage.order({ token: { error_before: 0 } });
      const stranger = await stage.send('collection', { opening: { clientSecret: 'another' } });
      see('credentials that are refused', stranger.ending, { kind: 'not_sent', code: 'unauthenticated' });
      see('money calls', await stage.arrived('submit'), 0);
    },
  },
  {
    id: 'wrong-origin',
    expected: 'A caller from the wrong place is told 401 too: `not_sent`, and a problem for the operator.',
    async check(stage, see) {
      const provider = await stage.open();
      const reference = newId('collection');
      const { ending } = await stage.send('collection', {
        provider,
        reference,
        faults: ['wrong_origin', 'wrong_origin'],
      });
      see('a collection', ending, { kind: 'not_sent', code: 'unauthenticated' });
      see('whether the operator reads of the origin', /origin/i.test(provider.configurationProblem() ?? ''), true);
      see('executions of it', (await stage.booked(reference)).executed, 0);
    },
  },
];
