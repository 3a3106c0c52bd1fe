// `npm run simulator`: reads its own environment, starts one simulator, prints where it is, stops cleanly.
import { OrderProblem } from './fault-orders.ts';
import { type SimulatorOptions, startSimulator } from './server.ts';

/** A variable that cannot be used; the message is for whoever set it. */
class EnvironmentProblem extends Error {
  override name = 'EnvironmentProblem';
}

const given = (name: string): string | undefined => process.env[name] || undefined;

function whole(name: string): number | undefined {
  const text = given(name);
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,10}$/.test(text)) throw new EnvironmentProblem(`${name} must be a whole number, not ${text}.`);
  return Number(text);
}

function truth(name: string): boolean | undefined {
  const text = given(name);
  if (text === undefined) return undefined;
  if (text !== 'true' && text !== 'false') throw new EnvironmentProblem(`${name} must be true or false, not ${text}.`);
  return text === 'true';
}

function algorithm(): 'sha512' | 'sha256' | undefined {
  const text = given('EVERSEND_WEBHOOK_ALGORITHM');
  if (text === undefined || text === 'sha512' || text === 'sha256') return text;
  throw new EnvironmentProblem(`EVERSEND_WEBHOOK_ALGORITHM must be sha512 or sha256, not ${text}.`);
}

/** `SIMULATOR_FAULTS`: JSON as for POST /control/faults; what it orders stands until another order, and again after a reset. */
function orders(): object | undefined {
  const text = given('SIMULATOR_FAULTS');
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new EnvironmentProblem('SIMULATOR_FAULTS must be JSON, such as {"submit": {"hang_after": 0.1}}.');
  }
}

function readOptions(): SimulatorOptions {
  const options: { readonly [Name in keyof SimulatorOptions]: SimulatorOptions[Name] | undefined } = {
    port: whole('SIMULATOR_PORT') ?? 4010,
    host: given('HOST'),
    clientId: given('EVERSEND_CLIENT_ID'),
    clientSecret: given('EVERSEND_CLIENT_SECRET'),
    apiKey: given('EVERSEND_API_KEY'),
    // During a rotation the product knows several; the first is the one that signs.
    webhookSecret: given('EVERSEND_WEBHOOK_SECRET')?.split(',')[0]?.trim(),
    webhookAlgorithm: algorithm(),
    webhookUrl: given('SIMULATOR_WEBHOOK_URL'),
    seed: given('SIMULATOR_SEED'),
    settleMs: whole('SIMULATOR_SETTLE_MS'),
    quotationTtlMs: whole('SIMULATOR_QUOTATION_TTL_MS'),
    tokenTtlMs: whole('SIMULATOR_TOKEN_TTL_MS'),
    otpExempt: truth('SIMULATOR_OTP_EXEMPT'),
    stateFile: given('SIMULATOR_STATE_FILE'),
    orders: orders(),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function sentence(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return `Port ${given('SIMULATOR_PORT') ?? 4010} is already in use: stop what listens there, or set SIMULATOR_PORT to another port.`;
  }
  if (error instanceof OrderProblem) return `SIMULATOR_FAULTS cannot be used: ${message}.`;
  if (code === 'EACCES') return `The simulator may not open what it was told to (${message}).`;
  return message;
}

try {
  const simulator = await startSimulator(readOptions());
  const stop = () => void simulator.close();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  console.log(`Simulated Eversend at ${simulator.url} (orders and switches: ${simulator.controlUrl})`);
} catch (error) {
  console.error(sentence(error));
  process.exit(1);
}
