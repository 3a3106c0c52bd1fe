// Limits: what keeps callers from wearing out the service, its provider and people's phones.
import type { Mutation } from '../mutation.ts';

const ROUTES = 'test/http/every-route.test.ts';
const RATE = 'test/http/rate-limit.test.ts';
const NAMED = 'the router names the API, the callback, the probes, the description, the reference page and the console';

export const LIMITS: readonly Mutation[] = [
  {
    name: 'address-limit',
    mechanism: 'Every request is counted by its address',
    removed: 'the counting in front of all routes',
    edits: [
      {
        file: 'src/app.ts',
        find: "app.use('*', limitAddresses(ctx, addressLimits(routes, BASE_PATH)));",
        replace: 'void [limitAddresses, addressLimits];',
      },
    ],
    test: ROUTES,
    notices: ['is limited by address, says so in each answer'],
    holds: NAMED,
  },
  {
    name: 'key-limit',
    mechanism: 'A key has a limit of its own',
    removed: 'the counting by key',
    edits: [
      {
        file: 'src/http/mount.ts',
        find: 'const byKey = spend(exchange, limits.key, caller.apiKeyId);',
        replace: 'const byKey = undefined;',
      },
    ],
    test: RATE,
    notices: ['of a refusal says when to come back'],
    holds: 'and whatever else is refused at their address',
  },
  {
    name: 'pin-limit',
    mechanism: 'A phone gets so many pins an hour',
    removed: 'the counting of pins',
    edits: [
      {
        file: 'src/http/routes/collections.ts',
        find: 'await spend(limit, subject);',
        replace: 'void [limit, subject];',
      },
    ],
    test: RATE,
    notices: ['a phone gets five pins an hour'],
    holds: 'of a refusal says when to come back',
  },
  {
    name: 'events-unlimited',
    mechanism: "The provider's signed events are never refused",
    removed: 'the difference between its events and forgeries',
    edits: [
      {
        file: 'src/http/rate-limit.ts',
        find: "if (limit === 'forgeries') return countRefused(ctx, c, next, limits.forgeries, subject);",
        replace: 'void countRefused;',
      },
    ],
    test: RATE,
    notices: ['with wrong signatures are refused when there are too many'],
    holds: 'of a refusal says when to come back',
  },
  {
    name: 'limit-without-store',
    mechanism: 'While the store is away each process holds the limits by itself',
    removed: 'the limit of the process alone',
    edits: [
      {
        file: 'src/cache/open-cache.ts',
        find: 'aloneUntil = performance.now() + ALONE_FOR_MS;\n          return alone.draw(name, quota, most);',
        replace: 'return { granted: most, remaining: most, waitMs: 0 };',
      },
      {
        file: 'src/cache/open-cache.ts',
        find: 'if (performance.now() < aloneUntil) return alone.draw(name, quota, most);',
        replace: 'void [aloneUntil, ALONE_FOR_MS];',
      },
    ],
    test: 'test/limits/limit.test.ts',
    notices: ['while Redis is away every process holds the limit for itself'],
    holds: 'is asked once for all who wait for its answer',
  },
];
