// One component under the supervisor: a process that is killed, frozen, thawed and started again; and whether it ever ended unasked.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

export const KINDS = ['postgres', 'redis', 'simulator', 'web', 'worker'] as const;
export type Kind = (typeof KINDS)[number];

export interface Part {
  readonly name: string;
  readonly kind: Kind;
  readonly isRunning: boolean;
  /** How often it was killed outright. */
  readonly kills: number;
  /** Ends it (SIGKILL, unless another signal is given) and waits until it has. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again as it was; resolves once its process runs, which is before it is ready. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

export interface ProcessPart extends Part {
  readonly pid: number;
  /** Ends nobody asked for: exit code or signal of each. */
  readonly unasked: readonly string[];
  /** The environment it starts with from now on: a changed variable is in force after the next start. */
  readonly env: Record<string, string>;
}

/** A Node process of the product, with its output in a file of its own. */
export function processPart(of: {
  name: string;
  kind: Kind;
  args: readonly string[];
  env: Record<string, string>;
  folder: string;
}): ProcessPart {
  let child: ChildProcess | null = null;
  let asked = false;
  let kills = 0;
  const unasked: string[] = [];
  const isRunning = () => child !== null && child.exitCode === null && child.signalCode === null;
  return {
    name: of.name,
    kind: of.kind,
    env: of.env,
    unasked,
    get isRunning() {
      return isRunning();
    },
    get kills() {
      return kills;
    },
    get pid() {
      return child?.pid ?? 0;
    },
    async start() {
      if (isRunning()) return;
      asked = false;
      const log = openSync(join(of.folder, `${of.name}.log`), 'a', 0o600);
      // The channel is how a part notices that we are gone, even killed; then it ends too.
      const started = spawn(process.execPath, [...of.args], {
        env: of.env,
        detached: true,
        stdio: ['ignore', log, log, 'ipc'],
      });
      closeSync(log);
      started.channel?.unref();
      started.once('exit', (code, signal) => {
        if (!asked && child === started) unasked.push(`${of.name} ended by itself (${signal ?? code})`);
      });
      child = started;
      await once(started, 'spawn');
    },
    async kill(signal = 'SIGKILL') {
      if (child === null || !isRunning()) return;
      asked = true;
      if (signal === 'SIGKILL') kills += 1;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}

/** Sends a signal to a process and all that descend from it; those that are gone meanwhile are left out. */
export function signalTree(root: number, signal: NodeJS.Signals): void {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const tree = [root];
  for (const pid of tree) tree.push(...rows.filter(([, parent]) => parent === pid).map(([child]) => child));
  for (const pid of tree) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself.
    }
  }
}
