// The scenes, in the order they are played: the gentlest first, so that each finds the house quiet.
import { nextRelease } from './next-release.ts';
import { overload } from './overload.ts';
import { postgresRestarts } from './postgres-restarts.ts';
import { redisAway } from './redis-away.ts';
import { rollingRestart } from './rolling-restart.ts';
import type { Scene } from './scene.ts';

export const SCENES: readonly Scene[] = [nextRelease, redisAway, postgresRestarts, rollingRestart, overload];
