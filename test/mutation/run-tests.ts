// Runs chosen sentences of chosen test files in a copy of the tree, in a process of its own, for a limited time.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { atExit } from './at-exit.ts';

/** `passed` and `failed` by full sentence; `null` when the run was stopped at its time limit. */
export interface Outcome {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** The last of what it said, when no test ran at all. */
  readonly trouble: string;
}

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const REPORT = 'mutation-report.json';
/** A test that waits for what no longer comes shall not use up the whole run's time. */
const TEST_TIMEOUT_MS = 10_000;

/** Runs every test of `files` whose sentence holds one of `sentences`. */
export async function runTests(of: {
  folder: string;
  files: readonly string[];
  sentences: readonly string[];
  limitMs: number;
}): Promise<Outcome | null> {
  const { folder, files, sentences, limitMs } = of;
  const pattern = sentences.map((sentence) => sentence.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const quiet = ['--cache=false', '--fsModuleCache=false', '--reporter=json', `--outputFile=${REPORT}`];
  const chosen = ['-t', pattern, `--testTimeout=${TEST_TIMEOUT_MS}`];
  const child = spawn(process.execPath, [vitest, 'run', '--root', folder, ...files, ...chosen, ...quiet], {
    cwd: folder,
    // A group of its own, so that everything it started ends with it.
    detached: true,
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^VITEST|^NODE_ENV$|^TEST$/.test(name))),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => void process.kill(-(child.pid ?? 0), 'SIGKILL');
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const orphan = atExit(end);
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    end();
  }, limitMs);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(limit);
  orphan.dismiss();
  if (isLate) return null;
  return outcomeOf(folder, said.join('').slice(-500));
}

function outcomeOf(folder: string, said: string): Outcome {
  const report = read(join(folder, REPORT));
  if (report === null) return { passed: [], failed: [], trouble: said };
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const of = (status: string) => tests.filter((test) => test.status === status).map((test) => test.fullName);
  return {
    passed: of('passed'),
    failed: of('failed'),
    trouble: report.testResults.map((file) => file.message).join('\n') || said,
  };
}

function read(path: string): Report | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return null;
  }
}
