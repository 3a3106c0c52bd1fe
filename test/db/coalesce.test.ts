// Gathering: how requests that come together share a commit, and how one that is wrong spoils nobody else's.
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { coalesce } from '../../src/db/coalesce.ts';

/** Remembers its batches; each ends when it is let go. */
function gathering(of: { maxBatch?: number; unhurried?: boolean; whole?: (error: unknown) => boolean } = {}) {
  const batches: (readonly number[])[] = [];
  const letGo: (() => void)[] = [];
  const double = coalesce<number, number>({
    maxBatch: 128,
    ...of,
    async flush(items) {
      batches.push(items);
      await new Promise<void>((resolve) => letGo.push(resolve));
      if (items.includes(13)) throw new Error('13 is not possible');
      return items.map((item) => (item < 0 ? new Error('negative') : 2 * item));
    },
  });
  /** Lets flush after flush go until nothing is on its way. */
  const finish = async () => {
    let isIdle = false;
    void double.idle().then(() => (isIdle = true));
    while (!isIdle) {
      letGo.shift()?.();
      await turn();
    }
  };
  return { double, batches, letGo, finish };
}

it('a lone one goes at once, and is answered when its own flush has ended', async () => {
  const { double, batches, letGo } = gathering();
  const answer = double(4);
  while (batches.length === 0) await turn();
  letGo.shift()?.();
  expect([await answer, batches]).toEqual([8, [[4]]]);
});

it('as long as every turn brings more the unhurried go together, and a turn that brings nothing ends the wait', async () => {
  const { double, batches, finish } = gathering({ unhurried: true });
  const answers: Promise<number>[] = [];
  for (let n = 1; n <= 6; n += 1) {
    answers.push(double(n));
    await turn();
  }
  expect(batches).toEqual([]);
  for (let quiet = 0; quiet < 3; quiet += 1) await turn();
  expect(batches).toEqual([[1, 2, 3, 4, 5, 6]]);
  await finish();
  expect(await Promise.all(answers)).toEqual([2, 4, 6, 8, 10, 12]);
});

it('a stream without an end is flushed when the batch is full', async () => {
  const { double, batches, finish } = gathering({ maxBatch: 5, unhurried: true });
  for (let n = 1; n <= 7; n += 1) {
    void double(n);
    await turn();
  }
  expect(batches[0]).toEqual([1, 2, 3, 4, 5]);
  await finish();
  expect(batches.flat()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

it('what comes while one is on its way goes with the next', async () => {
  const { double, batches, letGo, finish } = gathering();
  void double(1);
  while (batches.length === 0) await turn();
  for (const n of [2, 3, 4]) {
    void double(n);
    await turn();
    await turn();
  }
  expect(batches).toEqual([[1]]);
  letGo.shift()?.();
  await finish();
  expect(batches).toEqual([[1], [2, 3, 4]]);
});

it('one whose flush raises is tried by itself, and only the wrong one is refused', async () => {
  const { double, batches, finish } = gathering();
  const answers = Promise.allSettled([1, 13, -1, 2].map((n) => double(n)));
  await finish();
  expect((await answers).map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message))).toEqual([
    2,
    '13 is not possible',
    'negative',
    4,
  ]);
  expect(batches).toEqual([[1, 13, -1, 2], [1], [13], [-1], [2]]);
});

it('after an error that leaves open what was committed nobody is tried again', async () => {
  const { double, batches, finish } = gathering({ whole: () => true });
  const answers = Promise.allSettled([1, 13].map((n) => double(n)));
  await finish();
  expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(batches).toEqual([[1, 13]]);
});
