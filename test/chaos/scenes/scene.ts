// A scene: one thing that happens to a running house while payments arrive, and what must be true of it that the checker does not ask.
//
// To add a scene, write a file with a Scene and name it in scenes.ts. All scenes share one rig, one after the other; each leaves it
// whole: every part running and ready. What holds for every scene (nothing lost, nothing twice, all ended) is checked at the end.
import type { Rig } from '../rig/rig.ts';
import type { Callers } from '../soak/callers.ts';
import type { Order } from '../soak/orders.ts';

export interface Stage {
  readonly rig: Rig;
  /** Their requests end with a definite answer, and the checker knows what they were told. */
  readonly callers: Callers;
  /** How large: 1 in the tests, more on request. */
  readonly size: number;
  /** New payments, as many as are asked for. */
  orders(count: number): readonly Order[];
}

export interface Scene {
  /** Of the catalogue of tests. */
  readonly id: string;
  readonly what: string;
  /** Sentences about what was wrong; none when all is well. */
  play(stage: Stage): Promise<readonly string[]>;
}
