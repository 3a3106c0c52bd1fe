// Which fault comes when, decided by the seed before anything starts: the same seed, the same plan.
import { diceOf } from './dice.ts';

export const FAULTS = {
  kill: 'SIGKILL, started again shortly after (Redis comes back empty)',
  pause: 'SIGSTOP for 2 to 10 s',
  cut: 'every connection to Postgres, Redis or the provider reset',
  hold: 'nothing passes to Postgres, Redis or the provider for up to 3 s',
  flush: 'FLUSHALL',
  rollback: 'Redis comes back with what it held some time ago',
} as const;
export type FaultName = keyof typeof FAULTS;

export interface Fault {
  readonly atMs: number;
  readonly name: FaultName;
  /** A part, or a link for `cut` and `hold`. */
  readonly target: string;
  readonly lastsMs: number;
}

export const LINKS = ['postgres', 'redis', 'provider'] as const;

/** How many of ten faults are of which name. Kills come first: each part must be killed often. */
const OF_TEN: readonly FaultName[] = [
  ...(['kill', 'kill', 'kill', 'kill', 'kill'] as const),
  ...(['pause', 'pause', 'cut', 'hold', 'flush'] as const),
];

/** Every `everyMs` on average from 0 to `lengthMs`. Kills go round all parts, in a new order each round. */
export function planFaults(of: {
  seed: string;
  lengthMs: number;
  everyMs: number;
  parts: readonly string[];
}): readonly Fault[] {
  const dice = diceOf(of.seed, 'faults');
  const plan: Fault[] = [];
  let victims: string[] = [];
  let names: FaultName[] = [];
  let flushes = 0;
  const targetOf = (name: FaultName): string => {
    switch (name) {
      case 'kill':
        if (victims.length === 0) victims = dice.shuffled(of.parts);
        return victims.pop() as string;
      case 'pause':
        return dice.one(of.parts);
      case 'cut':
      case 'hold':
        return dice.one(LINKS);
      case 'flush':
      case 'rollback':
        return 'redis';
    }
  };
  const lastsOf = (name: FaultName): number => {
    switch (name) {
      case 'kill':
        return dice.between(100, 2000);
      case 'pause':
        return dice.between(2000, 10_000);
      case 'hold':
        return dice.between(500, 3000);
      default:
        return 0;
    }
  };
  for (let atMs = dice.between(500, of.everyMs); atMs < of.lengthMs; ) {
    if (names.length === 0) names = dice.shuffled(OF_TEN);
    let name = names.pop() as FaultName;
    // Every other loss of Redis' memory is a return of an older one.
    if (name === 'flush') {
      flushes += 1;
      if (flushes % 2 === 0) name = 'rollback';
    }
    plan.push({ atMs, name, target: targetOf(name), lastsMs: lastsOf(name) });
    atMs += dice.between(Math.round(of.everyMs * 0.3), Math.round(of.everyMs * 1.7));
  }
  return plan;
}
