// What happens to a running house in its life: servers away, releases, migrations, far too much work; and the books are right at the end.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithRedis } from '../support/redis.ts';
import { finishScenes, type ScenesRun, startScenes } from './scenes/run.ts';
import { SCENES } from './scenes/scenes.ts';

/** How large each scene is; `npm run chaos -- --scenes 10` plays them ten times as large. */
const SIZE = Number(process.env['SCENES_SIZE'] ?? 1);
const SCENE_MS = 120_000;

describeWithRedis('the house keeps its promises', () => {
  let run: ScenesRun;
  beforeAll(async () => {
    run = await startScenes(SIZE);
  }, 120_000);
  afterAll(() => run.close());

  it.each(SCENES)(
    '$id: $what',
    async (scene) => {
      expect(await scene.play(run)).toEqual([]);
    },
    SCENE_MS * SIZE,
  );

  it('and nothing was lost, nothing done twice, and all of it ended', async () => {
    const { problems, stories } = await finishScenes(run);
    expect(problems, stories.join('\n')).toEqual([]);
  }, 120_000);
});
