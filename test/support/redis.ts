// The Redis suites' door: with redis-server on this machine they run, without one they are skipped, loudly.
import { describe } from 'vitest';
import { redisAvailable } from './redis-server.ts';

export { startRedis, type TestRedis } from './redis-server.ts';

/** A `describe` for what needs redis-server: skipped with a printed sentence without it, and under CI=true a failure. */
export const describeWithRedis: typeof describe | typeof describe.skip = choose();

function choose() {
  if (redisAvailable) return describe;
  const sentence = 'redis-server is not on PATH: install Redis to run the tests of this file that need it.';
  if (process.env['CI'] === 'true') throw new Error(sentence);
  process.stderr.write(`\nSKIPPED: ${sentence}\n`);
  return describe.skip;
}
