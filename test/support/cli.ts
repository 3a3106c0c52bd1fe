// Runs the real command line in a process of its own, against a test's database.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { SURROUNDINGS } from './surroundings.ts';
import { COMPRESSED } from './world.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The one JSON value on stdout; raises when there is not exactly one. */
  json(): ReturnType<typeof JSON.parse>;
}

export type Cli = (args: readonly string[], of?: { env?: Record<string, string>; input?: string }) => Promise<Ran>;

/** A command line whose environment is the compressed profile and `url`. */
export function cliOn(url: string): Cli {
  return async (args, of = {}) => {
    const child = spawn(process.execPath, ['src/cli/main.ts', ...args], {
      env: { ...SURROUNDINGS, ...COMPRESSED, DATABASE_URL: url, ...of.env },
      stdio: 'pipe',
    });
    child.stdin.end(of.input ?? '');
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr, json: () => JSON.parse(stdout) };
  };
}
