// One part of the local system as a child process: started, reported and restarted when it dies, stopped when asked.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** A part that ran this long was healthy: its next death starts with the shortest pause again. */
const HEALTHY_MS = 30_000;
const LOG_LIMIT_BYTES = 20_000_000;

export interface Part {
  readonly name: string;
  readonly title: string;
  readonly logFile: string;
  /** How often it died by itself so far. */
  readonly deaths: number;
  /** The process running now, or null between two. */
  readonly pid: number | null;
  /** The last thing it wrote, for a sentence about its death. */
  lastWords(): string;
  /** SIGTERM, then SIGKILL after `graceMs`. It is not restarted. */
  stop(graceMs: number): Promise<void>;
  killNow(): void;
}

/** Starts `script` with this Node, its output going to `logs/<name>.log`, and keeps it running until `stop`. */
export function startPart(of: {
  name: string;
  title: string;
  script: string;
  logs: string;
  environment: NodeJS.ProcessEnv;
  say: (sentence: string) => void;
  debug: (sentence: string) => void;
}): Part {
  const logFile = join(of.logs, `${of.name}.log`);
  const stopping = new AbortController();
  let child: ChildProcess | null = null;
  let exited: Promise<void> = Promise.resolve();
  let deaths = 0;

  const lastWords = () => lastLine(logFile);

  const launch = () => {
    const descriptor = openSync(logFile, isLong(logFile) ? 'w' : 'a', 0o600);
    // A session of its own: Ctrl-C in the terminal reaches the starter alone, which then stops the parts in order.
    const started = spawn(process.execPath, ['--import', join(import.meta.dirname, 'follow-parent.ts'), of.script], {
      env: of.environment,
      detached: true,
      stdio: ['ignore', descriptor, descriptor, 'ipc'],
    });
    closeSync(descriptor);
    child = started;
    of.debug(`${of.title} is process ${started.pid}`);
    return once(started, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  };

  const keepRunning = async () => {
    for (let pauseMs = FIRST_PAUSE_MS; !stopping.signal.aborted; ) {
      const startedAt = Date.now();
      const [code, signal] = await launch().catch((error: Error) => [error.message, null] as const);
      child = null;
      if (stopping.signal.aborted) return;
      deaths += 1;
      if (Date.now() - startedAt > HEALTHY_MS) pauseMs = FIRST_PAUSE_MS;
      const why = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
      of.say(`${of.title} ${why}; it starts again in ${pauseMs} ms. Last words: ${lastWords() || 'none'} (${logFile})`);
      await wait(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  };
  exited = keepRunning();

  return {
    name: of.name,
    title: of.title,
    logFile,
    get deaths() {
      return deaths;
    },
    get pid() {
      return child?.pid ?? null;
    },
    lastWords,
    async stop(graceMs) {
      stopping.abort();
      child?.kill('SIGTERM');
      const patience = new AbortController();
      const late = wait(graceMs, true, { signal: patience.signal }).catch(() => false);
      if (await Promise.race([exited.then(() => false), late])) {
        child?.kill('SIGKILL');
        await exited;
      }
      patience.abort();
    },
    killNow() {
      stopping.abort();
      child?.kill('SIGKILL');
    },
  };
}

function isLong(path: string): boolean {
  return existsSync(path) && statSync(path).size > LOG_LIMIT_BYTES;
}

/** The last line of a log: the message of a JSON line, or the line itself, cut to a readable length. */
function lastLine(path: string): string {
  if (!existsSync(path)) return '';
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  // A crash prints a stack below its message; the message is what helps.
  const line = lines.findLast((text) => /error|Error|"msg"|must|missing|in use/.test(text)) ?? lines.at(-1) ?? '';
  try {
    return String((JSON.parse(line) as { msg?: unknown }).msg ?? line).slice(0, 300);
  } catch {
    return line.trim().slice(0, 300);
  }
}
