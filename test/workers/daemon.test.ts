// A daemon outlives every failure of its work, and when it stops nothing of it is left running.
import { expect, it } from 'vitest';
import { createLogger } from '../../src/logger.ts';
import { startDaemon } from '../../workers/daemon.ts';
import { until } from '../support/until.ts';

it('says that a round failed and begins the next one all the same, one at a time', async () => {
  const lines: string[] = [];
  const log = createLogger('warn', { write: (line) => void lines.push(line) });
  let [rounds, running, most] = [0, 0, 0];
  const runOnce = async () => {
    rounds += 1;
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (rounds < 3) throw new Error('the database is away');
  };
  const daemon = startDaemon({ name: 'sweep', intervalMs: 1, log, runOnce });
  await until(() => rounds >= 5, 'it goes on');
  await daemon.stop();
  expect(lines).toHaveLength(2);
  expect([most, running]).toEqual([1, 0]);
});

it('stops between rounds at once, and in the middle of one only when that has ended', async () => {
  const log = createLogger('silent');
  const idle = startDaemon({ name: 'sweep', intervalMs: 60_000, log, runOnce: async () => {} });
  await idle.stop();
  const gate = Promise.withResolvers<void>();
  const busy = startDaemon({ name: 'sweep', intervalMs: 60_000, log, runOnce: () => gate.promise });
  let stopped = false;
  const stopping = busy.stop().then(() => {
    stopped = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(stopped).toBe(false);
  gate.resolve();
  await stopping;
});
