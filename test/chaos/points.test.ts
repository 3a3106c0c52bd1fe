// Every crash point of the failure model that the rig can reach is hit, again and again, and the books are right at the end.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithRedis } from '../support/redis.ts';
import { timesOf } from './points/point.ts';
import { POINTS, TOGETHER } from './points/points.ts';
import { finishPoints, type PointsRun, startPoints } from './points/run.ts';
import { POINTS_CANARIES } from './points/stage.ts';

/** How often each point is hit here; CHAOS_HITS=50 for the full counts, or `npm run chaos -- --points 50`. */
const HITS = Number(process.env['CHAOS_HITS'] ?? 1);
const HIT_MS = 60_000;

describeWithRedis('every crash point is survived', () => {
  let run: PointsRun;
  beforeAll(async () => {
    run = await startPoints();
  }, 60_000);
  afterAll(() => run.close());

  it.each(POINTS)(
    '$id: $what',
    async (point) => {
      const times = timesOf(point, HITS);
      expect(await point.hit(run, times)).toBe(times);
    },
    HIT_MS * HITS,
  );

  it(
    'P20: a zombie at every moment, whose stale writes are refused',
    async () => {
      const hits = await Promise.all(TOGETHER.map((point) => point.hit(run, timesOf(point, HITS))));
      expect(hits).toEqual(TOGETHER.map((point) => timesOf(point, HITS)));
    },
    3 * HIT_MS * HITS,
  );

  it('and nothing was lost, nothing done twice, and all of it ended', async () => {
    const { problems, stories } = await finishPoints(run, POINTS_CANARIES);
    expect(problems, stories.join('\n')).toEqual([]);
  }, 150_000);
});
