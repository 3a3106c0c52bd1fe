// What every process of ours does at its beginning and its end: refuse to start in one sentence, stop once and cleanly.
import { ConfigurationError } from './config.ts';
import type { Logger } from './logger.ts';

/** Runs `start`; a wrong configuration is printed as its sentences and ends the process with 1. */
export function refuseToStart<T>(start: () => T): T {
  try {
    return start();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return refuse([error.message]);
  }
}

/** Ends the process with 1, saying why. */
export function refuse(sentences: readonly string[]): never {
  process.stderr.write(`It cannot start:\n${sentences.join('\n')}\n`);
  process.exit(1);
}

/** What closing connections may take beyond the grace that work is given. */
const CLOSING_MS = 2000;

/**
 * Runs `stop` once, on SIGTERM or SIGINT, and ends the process with 0 (1 when stopping failed, or took more than `graceMs` and a
 * little; what was unfinished has its date in the database). An error nobody caught is a bug
 * in an unknown state: it is logged and ends the process with 1, so that its supervisor starts a clean one.
 */
export function stopOnSignal(of: { log: Logger; graceMs: number; stop: () => Promise<void> }): void {
  const { log, graceMs, stop } = of;
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.warn({ signal }, 'not everything could be closed in time');
      process.exit(1);
    }, graceMs + CLOSING_MS).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const onBug = (error: unknown) => {
    log.error({ error }, 'an error nobody caught; this process ends');
    process.exit(1);
  };
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);
}
