// What may go over the wire, and how long and how much an adapter may let it be.
import { setTimeout as wait } from 'node:timers/promises';
import { startListener, startRelay } from '../bystanders.ts';
import { atMost, type Point, Rule } from '../point.ts';
import { DIRECTIONS, HASTY_MS } from '../stage.ts';

/** However late a busy machine wakes us, a call of HASTY_MS has ended by then. */
const ENDED_BY_MS = 4 * HASTY_MS;
/** The kernel's buffers hold some megabytes that nobody has read; of thirty an adapter may let no more than this flow. */
const MOST_BYTES = 15_000_000;

export const WIRE: readonly Point[] = [
  {
    id: 'deadline',
    expected: 'A call ends by its deadline, also when the answer drips in byte by byte.',
    async check(stage, see) {
      const sendings = DIRECTIONS.flatMap((direction) =>
        ['hang_before', 'drip'].map(async (fault) => {
          const quotation = direction === 'payout' ? await stage.quote(await stage.open()) : undefined;
          const sending = stage.send(direction, {
            faults: [fault],
            opening: { timeoutMs: HASTY_MS },
            ...(quotation === undefined ? {} : { quotation }),
          });
          const late = wait(ENDED_BY_MS, 'still open', { ref: false });
          const first = await Promise.race([sending.then(() => 'ended'), late]);
          see(`a ${direction} with ${fault} after ${ENDED_BY_MS} ms`, first, 'ended');
        }),
      );
      await Promise.all(sendings);
    },
  },
  {
    id: 'redirect',
    expected: 'A redirect is `unknown` and is not followed: the other host hears nothing.',
    async check(stage, see) {
      const elsewhere = stage.use(await startListener());
      await stage.order({ redirect_to: `${elsewhere.url}/elsewhere` });
      for (const direction of DIRECTIONS) {
        for (const fault of ['redirect', 'redirect:308']) {
          const { ending } = await stage.send(direction, { faults: [fault] });
          see(`a ${direction} with ${fault}`, ending, { kind: 'unknown', code: 'redirected' });
        }
      }
      see('calls at the other host', elsewhere.received.length, 0);
    },
  },
  {
    id: 'size-cap',
    expected: 'An endless answer is `unknown` and is not read to its end.',
    async check(stage, see) {
      const relay = stage.use(await startRelay(stage.simulator.port));
      const opening = { baseUrl: `http://127.0.0.1:${relay.port}/v1` };
      const { ending } = await stage.send('collection', { faults: ['huge:30', 'huge:30'], opening });
      see('a collection answered with 30 MB', ending, { kind: 'unknown' });
      see('bytes that flowed', relay.given(), atMost(MOST_BYTES));
    },
  },
  {
    id: 'one-call',
    expected: 'One sending is one money call: what ends in doubt is not sent again by the adapter.',
    async check(stage, see) {
      const faults = ['error_before', 'error_after', 'reset_before', 'html_after', 'empty', 'rate_limit', 'forbidden'];
      for (const fault of faults) {
        const before = await stage.arrived('submit');
        await stage.send('collection', { faults: [fault, fault, fault] });
        see(`money calls of a collection with ${fault}`, (await stage.arrived('submit')) - before, 1);
      }
    },
  },
  {
    id: 'send-window',
    expected: 'After `sendBefore` not a byte is written: the ending is `not_sent` as too_late.',
    async check(stage, see) {
      for (const direction of DIRECTIONS) {
        const { ending } = await stage.send(direction, { sendBefore: performance.now() - 1 });
        see(`a ${direction} after its window`, ending, { kind: 'not_sent', code: 'too_late' });
      }
      see('money calls', await stage.arrived('submit'), 0);
    },
  },
  {
    id: 'window-after-waiting',
    expected:
      'The window is asked at the moment of writing: a token that takes longer than it makes the call too late.',
    async check(stage, see) {
      await stage.order({ token: { latencyMs: 300 } });
      const { ending } = await stage.send('collection', { sendBefore: performance.now() + 100 });
      see('a collection whose token took longer than its window', ending, { kind: 'not_sent', code: 'too_late' });
      see('money calls', await stage.arrived('submit'), 0);
    },
  },
  {
    id: 'permits',
    expected: 'No more permits are out at once than were allowed, and one released is given to whoever waits.',
    async check(stage, see) {
      const provider = await stage.open({ maxConcurrency: 2 });
      const [first, second] = [await provider.permit(), await provider.permit()];
      let given = false;
      const third = provider.permit().then((permit) => {
        given = true;
        return permit;
      });
      await wait(50);
      see('whether a third is given while two are out', given, false);
      first.release();
      (await third).release();
      second.release();
      const leaving = new AbortController();
      const held = [await provider.permit(), await provider.permit()];
      const abandoned = provider.permit(leaving.signal).catch(() => 'given up');
      leaving.abort(new Error('stopping'));
      see('a wait that was given up', await abandoned, 'given up');
      for (const permit of held) permit.release();
    },
  },
  {
    id: 'rate-limited',
    expected: 'A 425 or 429 is `not_sent` with the provider’s Retry-After, capped and never negative.',
    async check(stage, see) {
      const waits: [string, unknown][] = [
        ['rate_limit:7', 7000],
        ['rate_limit:0', 0],
        ['rate_limit:1000000000', new Rule('at most ten minutes', (ms: number) => ms > 0 && ms <= 600_000)],
        ['rate_limit:soon', null],
        ['rate_limit:-5', null],
        ['error_before:425', null],
      ];
      for (const [fault, retryAfterMs] of waits) {
        const { ending } = await stage.send('collection', { faults: [fault] });
        see(`a collection with ${fault}`, ending, { kind: 'not_sent', code: 'rate_limited', retryAfterMs });
      }
    },
  },
  {
    id: 'pause',
    expected: 'After a 429 nothing is sent earlier than the provider asked.',
    async check(stage, see) {
      const { provider } = await stage.send('collection', { faults: ['rate_limit:60'] });
      see('the next collection', (await stage.send('collection', { provider })).ending, {
        kind: 'not_sent',
        retryAfterMs: new Rule('above 30 s', (ms: number) => ms > 30_000),
      });
      see('money calls', await stage.arrived('submit'), 1);
    },
  },
];
