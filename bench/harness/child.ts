// A child process of the benchmark: its last words are kept for the case that it fails, and it ends when it is told to.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

export interface Child {
  readonly pid: number;
  /** The last lines it printed. */
  words(): string;
  /** How many lines it printed. */
  lines(): number;
  /** Its first message over IPC. Raises with its last words when it ends before. */
  firstMessage<Message>(): Promise<Message>;
  /** Raises with its last words when it has ended. */
  mustLive(): void;
  /** SIGTERM, and SIGKILL for whoever has not ended in time. */
  end(): Promise<void>;
}

const END_PATIENCE_MS = 12_000;
const KEPT_LINES = 30;

const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** Starts a command in a process group of its own, so that Ctrl-C reaches us alone and the children are ended in good order. */
export function startChild(of: {
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  ipc?: boolean;
}): Child {
  const child = spawn(of.command, of.args, {
    env: of.env ?? process.env,
    detached: true,
    stdio: of.ipc ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
  });
  living.add(child);
  let kept: string[] = [];
  let lines = 0;
  let startError = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const said = text.split('\n').filter((line) => line !== '');
      lines += said.length;
      kept = [...kept, ...said].slice(-KEPT_LINES);
    });
  }
  child.on('error', (error) => {
    startError = error.message;
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  void exited.then(() => living.delete(child));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null || startError !== '';
  const ended = () =>
    new Error(`${of.name} ended${startError && `: ${startError}`}. Its last words:\n${kept.join('\n') || '(none)'}`);

  return {
    pid: child.pid ?? 0,
    words: () => kept.join('\n'),
    lines: () => lines,
    async firstMessage() {
      const [message] = await Promise.race([
        once(child, 'message'),
        exited.then(() => {
          throw ended();
        }),
      ]);
      return message;
    },
    mustLive() {
      if (hasEnded()) throw ended();
    },
    async end() {
      if (hasEnded()) return;
      child.kill('SIGTERM');
      const patience = new AbortController();
      const inTime = await Promise.race([
        exited.then(() => true),
        wait(END_PATIENCE_MS, false, { signal: patience.signal }).catch(() => false),
      ]);
      patience.abort();
      if (inTime) return;
      child.kill('SIGKILL');
      await exited;
    },
  };
}
