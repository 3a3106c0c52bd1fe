// The checker's process, as whoever runs it sees it: its snapshots, its violations, and its last word.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { say, type Violation } from '../checker/violation.ts';
import type { FinalOrder } from '../checker/watch.ts';
import type { Rig } from './rig.ts';

const MAIN = resolve(import.meta.dirname, '../checker/main.ts');

export interface Checking {
  readonly snapshots: number;
  /** Sentences, as they come. */
  readonly violations: readonly string[];
  /** Everything is quiet: checks everything, ends, and gives all violations there were. */
  finish(of: Pick<FinalOrder, 'callersList' | 'canaries' | 'overdueMs' | 'reviewShare'>): Promise<readonly string[]>;
  /** Ends it without a last word. */
  abandon(): void;
}

export function startChecking(rig: Rig): Checking {
  const args = [MAIN, '--database', rig.postgres.readerUrl, '--simulator', rig.simulator.controlUrl];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const violations: string[] = [];
  let snapshots = 0;
  let done = false;
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  child.on('message', (message: { violation?: Violation; snapshots?: number; done?: boolean }) => {
    if (message.violation !== undefined) violations.push(say(message.violation));
    snapshots = message.snapshots ?? snapshots;
    done = done || message.done === true;
  });
  const ended = once(child, 'close');
  return {
    get snapshots() {
      return snapshots;
    },
    violations,
    async finish(order) {
      await rig.redis.server.snapshot();
      const logs = readdirSync(join(rig.folder, 'logs')).map((name) => join(rig.folder, 'logs', name));
      child.send({ ...order, files: [...logs, rig.redis.server.snapshotFile] } satisfies FinalOrder);
      await ended;
      if (!done) throw new Error(`the checker ended without its last word:\n${said}`);
      return violations;
    },
    abandon: () => void child.kill('SIGKILL'),
  };
}
