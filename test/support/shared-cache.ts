// What every shared cache promises, told once and run against each store.
import { expect, test, vi } from 'vitest';
import type { Cache } from '../../src/cache/cache.ts';

/** `processes`: two caches of two processes on one store. */
export function sharedCacheHolds(processes: () => readonly [Cache, Cache]): void {
  test('what one process keeps the other finds, until it expires or is deleted', async () => {
    const [one, other] = processes();
    await one.set('token', 'a', 60_000);
    await one.set('token', 'b', 60_000);
    expect(await other.get('token')).toBe('b');
    await other.delete('token');
    expect(await one.get('token')).toBeNull();
    await one.set('token', 'c', 30);
    await vi.waitFor(async () => expect(await one.get('token')).toBeNull());
    expect(await one.ping()).toBe(true);
  });

  test('a lock has one holder among all processes, and is free again after its release', async () => {
    const [one, other] = processes();
    const tries = await Promise.all([...Array(10).keys()].map((n) => (n % 2 ? one : other).lock('refresh', 60_000)));
    const held = tries.filter((lock) => lock !== null);
    expect(held).toHaveLength(1);
    await held[0]?.release();
    expect(await other.lock('refresh', 60_000)).not.toBeNull();
  });

  test('a lock that has expired passes on, and its old holder cannot release the new one', async () => {
    const [one, other] = processes();
    const old = await one.lock('expiring', 30);
    const next = await vi.waitFor(async () => {
      const lock = await other.lock('expiring', 60_000);
      expect(lock).not.toBeNull();
      return lock;
    });
    await old?.release();
    expect(await one.lock('expiring', 60_000)).toBeNull();
    await next?.release();
  });

  test('permits of all processes together are spaced evenly, and an idle store owes nobody a burst', async () => {
    const [one, other] = processes();
    const waits: number[] = [];
    for (let n = 0; n < 10; n += 1) waits.push(await (n % 2 ? one : other).take('pace', 20));
    expect(waits[0]).toBe(0);
    // The tenth permit is due nine intervals of 50 ms after the first, less the time these calls took.
    expect(waits[9]).toBeGreaterThan(250);
    expect(waits[9]).toBeLessThanOrEqual(450);
    expect([...waits]).toEqual([...waits].sort((a, b) => a - b));
    const racing = await Promise.all([...Array(10).keys()].map((n) => (n % 2 ? one : other).take('race', 20)));
    expect(new Set(racing.map((waitMs) => Math.round(waitMs / 50))).size).toBeGreaterThanOrEqual(9);
  });

  test('who will not wait so long is told how long it would be, and holds up nobody', async () => {
    const [one, other] = processes();
    for (let n = 0; n < 10; n += 1) await one.take('busy', 2);
    const told = await other.take('busy', 2, 1000);
    expect(told).toBeGreaterThan(3000);
    for (let n = 0; n < 10; n += 1) expect(await other.take('busy', 2, 1000)).toBeLessThanOrEqual(told);
    // The next who waits comes right behind the tenth.
    expect(await one.take('busy', 2)).toBeLessThanOrEqual(told);
    expect(await other.take('idle', 2, 0)).toBe(0);
  });

  test('of a quota, all processes together get no more than its units, at once or one by one', async () => {
    const [one, other] = processes();
    const hour = { units: 20, windowMs: 3_600_000 };
    const racing = await Promise.all([...Array(30).keys()].map((n) => (n % 2 ? one : other).draw('hour', hour, 1)));
    expect(racing.filter(({ granted }) => granted === 1)).toHaveLength(20);
    const refused = await one.draw('hour', hour, 1);
    expect(refused).toEqual({ granted: 0, remaining: 0, waitMs: expect.any(Number) });
    // A twentieth of an hour after the first, less what these calls took.
    expect(refused.waitMs).toBeGreaterThan(60_000);
    expect(refused.waitMs).toBeLessThanOrEqual(180_000);
  });

  test('who asks for more of a quota than is left gets what is left', async () => {
    const [one, other] = processes();
    const hour = { units: 10, windowMs: 3_600_000 };
    expect(await one.draw('batch', hour, 4)).toEqual({ granted: 4, remaining: 6, waitMs: 0 });
    expect(await other.draw('batch', hour, 4)).toEqual({ granted: 4, remaining: 2, waitMs: 0 });
    expect(await one.draw('batch', hour, 4)).toEqual({ granted: 2, remaining: 0, waitMs: 0 });
    expect((await other.draw('batch', hour, 4)).granted).toBe(0);
    expect(await other.draw('whole', hour, 50)).toEqual({ granted: 10, remaining: 0, waitMs: 0 });
  });

  test('a quota comes back with time, never beyond its units', async () => {
    const [one, other] = processes();
    const short = { units: 5, windowMs: 50 };
    await one.draw('short', short, 5);
    await vi.waitFor(async () => expect((await other.draw('short', short, 0)).remaining).toBe(5), { interval: 5 });
    expect(await one.draw('short', short, 9)).toEqual({ granted: 5, remaining: 0, waitMs: 0 });
  });

  test('a quota of a million a second is as good as none', async () => {
    const [one, other] = processes();
    const wide = { units: 1_000_000, windowMs: 1000 };
    const drawn = await Promise.all([one, other, one].map((cache) => cache.draw('wide', wide, 100_000)));
    expect(drawn.map(({ granted }) => granted)).toEqual([100_000, 100_000, 100_000]);
  });
}
