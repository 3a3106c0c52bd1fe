// Every crash point of the failure model that the rig can reach is hit, again and again, and the books are right at the end.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithRedis } from '../support/redis.ts';
import { hit, POINTS_CANARIES } from './points/hit.ts';
import { POINTS } from './points/points.ts';
import { finishPoints, type PointsRun, startPoints } from './points/run.ts';

/** How often each point is hit here; CHAOS_HITS=50 for the full counts, or `npm run chaos -- --points 50`. */
const HITS = Number(process.env['CHAOS_HITS'] ?? 1);
const HIT_MS = 25_000;

describeWithRedis('every crash point is survived', () => {
  let run: PointsRun;
  beforeAll(async () => {
    run = await startPoints();
  }, 60_000);
  afterAll(() => run.close());

  it.each(POINTS)(
    '$id: $what',
    async (point) => {
      expect(await hit(run.rig, run.callers, point, HITS)).toBe(HITS);
    },
    HIT_MS * HITS,
  );

  it('and nothing was lost, nothing done twice, and all of it ended', async () => {
    const { problems, stories } = await finishPoints(run, POINTS_CANARIES);
    expect(problems, stories.join('\n')).toEqual([]);
  }, 120_000);
});
