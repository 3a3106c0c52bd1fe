// Starts everything on this machine with embedded parts, the newcomer's `npm start`, and stops all of it cleanly.
import { ConfigurationError } from './config.ts';
import { announcement } from './local/announce.ts';
import { credentialsFile } from './local/credentials.ts';
import { readLocalSettings } from './local/environment.ts';
import { LocalProblem } from './local/problem.ts';
import { Running, type Settings, startSystem, type Voice } from './local/system.ts';

/** npm passes a Ctrl-C on that the terminal has already delivered; only one that comes later is a person's impatience. */
const SAME_KEYPRESS_MS = 1_000;
/** What stopping may take beyond the parts' own grace, before everything is ended the hard way. */
const STOP_MARGIN_MS = 15_000;

function voiceFor(level: Settings['LOG_LEVEL']): Voice {
  return {
    say: (sentence) => console.log(sentence),
    debug: level === 'debug' ? (sentence) => console.log(`· ${sentence}`) : () => {},
  };
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  const settings = readLocalSettings();
  const running = new Running();
  const parent = process.ppid;
  const voice = voiceFor(settings.LOG_LEVEL);
  const asked = new AbortController();
  let askedAt = 0;
  process.on('exit', () => running.killNow());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked.signal.aborted && performance.now() - askedAt > SAME_KEYPRESS_MS) process.exit(1);
      if (asked.signal.aborted) return;
      askedAt = performance.now();
      asked.abort();
      setTimeout(() => process.exit(1), settings.SHUTDOWN_GRACE_MS + STOP_MARGIN_MS).unref();
    });
  }
  const stopAsked = new Promise((resolve) => asked.signal.addEventListener('abort', resolve, { once: true }));
  // Keeps the process alive, and ends it when the npm that started it was killed and can no longer pass signals on.
  const alive = setInterval(
    () => settings.underNpm && process.ppid !== parent && process.kill(process.pid, 'SIGTERM'),
    500,
  );
  try {
    voice.say('Starting; the first time takes a few seconds longer.');
    const system = await startSystem(settings, running, voice, asked.signal);
    const tookMs = performance.now() - startedAt;
    voice.say(announcement({ ...system, credentialsFile: credentialsFile(system.dataDir), tookMs }));
    await stopAsked;
  } catch (error) {
    // A signal that came while a child was waited for synchronously is only delivered now.
    await new Promise(setImmediate);
    if (!asked.signal.aborted) {
      process.exitCode = 1;
      complain(error);
    }
  }
  if (asked.signal.aborted) voice.say('Stopping.');
  await running.stop(settings.SHUTDOWN_GRACE_MS);
  clearInterval(alive);
  if (asked.signal.aborted) voice.say('Everything has stopped.');
  process.exit();
}

function complain(error: unknown): void {
  const expected = error instanceof LocalProblem || error instanceof ConfigurationError;
  console.error(expected ? error.message : error);
}

// A reader that goes away (`npm start | head`) must not take the system down with it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
try {
  await main();
} catch (error) {
  complain(error);
  process.exit(1);
}
