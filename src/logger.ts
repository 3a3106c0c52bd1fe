// Structured logs through an allow-list of fields: what is not named here cannot be logged, so nothing personal can slip in.
import { pino } from 'pino';
import { openStdout } from './stdout.ts';

/** The only fields a log line may carry. Values are ids, names of things, numbers and codes: never a phone, a name, a token or a body. */
export interface LogFields {
  readonly transactionId?: string;
  readonly webhookEventId?: string;
  readonly merchantId?: string;
  readonly apiKeyId?: string;
  readonly administratorId?: string;
  readonly caseId?: string;
  readonly endpointId?: string;
  readonly requestId?: string;
  readonly jobId?: string;
  readonly queue?: string;
  readonly state?: string;
  readonly from?: string;
  readonly to?: string;
  readonly cause?: string;
  readonly attempt?: number;
  readonly ending?: string;
  readonly code?: string;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly durationMs?: number;
  readonly clientAddress?: string;
  readonly count?: number;
  readonly waitMs?: number;
  readonly port?: number;
  readonly url?: string;
  readonly signal?: string;
  readonly currency?: string;
  readonly event?: string;
  /** An error: its name, code, message and stack are written, nothing else of it. */
  readonly error?: unknown;
}

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A security event (failed login, forged webhook, refused key): always written, marked `security: true`. */
  security(fields: LogFields, message: string): void;
}

const ALLOWED = [
  'transactionId',
  'webhookEventId',
  'merchantId',
  'apiKeyId',
  'administratorId',
  'caseId',
  'endpointId',
  'requestId',
  'jobId',
  'queue',
  'state',
  'from',
  'to',
  'cause',
  'attempt',
  'ending',
  'code',
  'method',
  'path',
  'status',
  'durationMs',
  'clientAddress',
  'count',
  'waitMs',
  'port',
  'url',
  'signal',
  'currency',
  'event',
] as const satisfies readonly (keyof LogFields)[];

function allowed(fields: LogFields): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const name of ALLOWED) {
    const value = fields[name];
    if (value !== undefined) line[name] = value;
  }
  if (fields.error !== undefined) line['error'] = describe(fields.error);
  return line;
}

function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: 'a value that is not an Error was thrown' };
  const code = (error as { code?: unknown }).code;
  // A Postgres error's `detail` and `where` quote row values, so only its own message and place in the code are kept.
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    message: error.message,
    stack: error.stack,
  };
}

let opened: ReturnType<typeof openStdout> | undefined;
/** One for the whole process: it writes what is left when the process ends. */
function stdout() {
  opened ??= openStdout();
  return opened;
}

/** A logger writing one JSON line per event to stdout (or to `destination`). */
export function createLogger(level: string, destination?: { write(line: string): void }): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const log = pino(options, destination ?? stdout());
  return {
    debug: (fields, message) => log.debug(allowed(fields), message),
    info: (fields, message) => log.info(allowed(fields), message),
    warn: (fields, message) => log.warn(allowed(fields), message),
    error: (fields, message) => log.error(allowed(fields), message),
    security: (fields, message) => log.warn({ security: true, ...allowed(fields) }, message),
  };
}
