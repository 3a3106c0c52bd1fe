// `npm run chaos`: the long proof on private servers; ends with 1 when anything was violated.
import { setTimeout as wait } from 'node:timers/promises';
import { redisAvailable } from '../support/redis-server.ts';
import { runBank } from './bank/run-bank.ts';
import { type Flags, readFlags, USAGE } from './flags.ts';
import { runLeak } from './leak/run-leak.ts';
import { checkChosen, hitAll } from './points/hit-all.ts';
import { runRecovery } from './recovery/run-recovery.ts';
import { playAll } from './scenes/run.ts';
import { type Progress, progressOn } from './soak/progress.ts';
import { reportSoak } from './soak/report.ts';
import { planOf, soak } from './soak/soak.ts';

const CLOSING_MS = 20_000;

const print = (line: string) => void process.stdout.write(`${line}\n`);
const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Null when there is nothing to run: help was given, or a sentence about a wrong flag. */
function flagsOf(args: readonly string[]): Flags | null {
  try {
    const flags = readFlags(args);
    if (flags === null) print(USAGE);
    checkChosen(flags?.only ?? null);
    return flags;
  } catch (error) {
    say((error as Error).message);
    process.exitCode = 1;
    return null;
  }
}

/** Runs what the flags ask for, and says whether it has passed. */
async function proof(
  { points, only, bank, recovery, scenes, leak, soak: flags }: Flags,
  of: { cleanup: AsyncDisposableStack; progress: Progress; print: (line: string) => void },
): Promise<boolean> {
  if (points !== null) return hitAll({ times: points, only, ...of });
  if (bank !== null) return runBank({ minutes: bank, ...of });
  if (recovery !== null) return runRecovery({ rounds: recovery, ...of });
  if (scenes !== null) return playAll({ size: scenes, ...of });
  if (leak !== null) return runLeak({ minutes: leak, ...of });
  return reportSoak(await soak({ flags, ...of }), print);
}

async function main(args: readonly string[]): Promise<void> {
  const flags = flagsOf(args);
  if (flags === null) return;
  const isSoak = [flags.points, flags.bank, flags.recovery, flags.scenes, flags.leak].every((other) => other === null);
  if (isSoak) print(`seed ${flags.soak.seed}`);
  if (flags.planOnly) {
    for (const fault of planOf(flags.soak)) {
      const lasts = fault.lastsMs === 0 ? '' : ` for ${fault.lastsMs} ms`;
      print(`${String(fault.atMs).padStart(8)} ms  ${fault.name} ${fault.target}${lasts}`);
    }
    return;
  }
  if (!redisAvailable && flags.bank === null)
    throw new Error('redis-server is not on PATH: install Redis (the run starts a private one).');
  const cleanup = new AsyncDisposableStack();
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    say(`\n${signal}: stopping everything.`);
    void cleanup.disposeAsync().finally(() => process.exit(130));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const progress = progressOn(process.stderr);
    if (!(await proof(flags, { cleanup, progress, print }))) process.exitCode = 1;
  } catch (error) {
    // A stop tears everything away from under whatever was running; what that says is of no interest.
    if (stopping) await new Promise(() => {});
    throw error;
  } finally {
    // Our children follow us however we end, so what does not close in time need not be waited for.
    if (!stopping) await Promise.race([cleanup.disposeAsync(), wait(CLOSING_MS)]);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
}
process.exit();
