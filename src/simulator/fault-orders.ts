// Reads what POST /control/faults orders: switches, rates, latencies, queued steps and plans. All of it is applied, or nothing.
import { isCallFault, isCallGroup, isOutcome, isWebhookFault, type WebhookFault } from './fault-list.ts';
import type { Faults, Plan, RateGroup, Step } from './faults.ts';
import { isSwitch, SWITCHES } from './switches.ts';

/** An order that makes no sense; the message names the field and what it may be. */
export class OrderProblem extends Error {
  override name = 'OrderProblem';
}

type Change = () => void;
type Fields = Readonly<Record<string, unknown>>;

/** Applies `orders` to `faults`. Raises OrderProblem, with nothing applied. */
export function applyOrders(faults: Faults, orders: unknown): void {
  const changes: Change[] = [];
  for (const [name, value] of Object.entries(fieldsOf(orders, 'the body'))) {
    if (name === 'references' || name === 'accounts') changes.push(...readPlans(faults, name, value));
    else if (isSwitch(name)) changes.push(readSwitch(faults, name, value));
    else {
      for (const [inner, setting] of Object.entries(fieldsOf(value, name))) {
        changes.push(readInner(faults, name, inner, setting));
      }
    }
  }
  for (const change of changes) change();
}

function readInner(faults: Faults, section: string, inner: string, value: unknown): Change {
  const path = `${section}.${inner}`;
  if (isSwitch(path)) return readSwitch(faults, path, value);
  if (isCallGroup(section) && inner === 'latencyMs') {
    const range = Array.isArray(value) ? value : [value, value];
    const [low, high] = range;
    if (range.length !== 2 || !isMs(low) || !isMs(high) || low > high) {
      throw new OrderProblem(`${path} must be milliseconds, or [least, most]`);
    }
    return () => faults.latency.set(section, [low, high]);
  }
  if (isCallGroup(section) && inner === 'next') {
    const steps = readSteps(path, value);
    return () => faults.next.set(section, steps);
  }
  if (isRate(section, inner)) {
    if (typeof value !== 'number' || !(value >= 0 && value <= 1)) throw new OrderProblem(`${path} must be 0 to 1`);
    return () => {
      const rates = faults.rates.get(section) ?? new Map<string, number>();
      faults.rates.set(section, rates.set(inner, value));
    };
  }
  throw new OrderProblem(`${path} is neither a switch nor a fault: GET /control lists them`);
}

function isRate(section: string, inner: string): section is RateGroup {
  if (section === 'outcome') return isOutcome(inner);
  if (section === 'webhook') return isWebhookFault(inner);
  return isCallGroup(section) && isCallFault(inner);
}

function readSwitch(faults: Faults, name: keyof typeof SWITCHES, value: unknown): Change {
  if (!SWITCHES[name].accepts(value)) throw new OrderProblem(`${name} must be ${SWITCHES[name].form}`);
  return () => Object.assign(faults.settings, { [name]: value });
}

function readPlans(faults: Faults, kind: 'references' | 'accounts', value: unknown): Change[] {
  return Object.entries(fieldsOf(value, kind)).map(([key, plan]) => {
    const read = plan === null ? null : readPlan(`${kind}.${key}`, fieldsOf(plan, `${kind}.${key}`));
    return () => (read === null ? faults[kind].delete(key) : faults[kind].set(key, read));
  });
}

function readPlan(path: string, fields: Fields): Plan {
  const calls: Plan['calls'] = new Map();
  let plan: Plan = { calls };
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'submit' || name === 'lookup') calls.set(name, readSteps(`${path}.${name}`, value));
    else if (name === 'outcome' && (value === null || (typeof value === 'string' && isOutcome(value)))) {
      plan = { ...plan, outcome: value };
    } else if (name === 'webhook') plan = { ...plan, webhook: readWebhookFaults(`${path}.webhook`, value) };
    else if (name === 'settleMs' && (value === null || isMs(value))) plan = { ...plan, settleMs: value };
    else
      throw new OrderProblem(`${path}.${name} must be one of submit, lookup, outcome, webhook, settleMs, well-formed`);
  }
  return plan;
}

/** One step or a list: `"error_before"`, `"error_after:504"`, `"none"`. */
export function readSteps(path: string, value: unknown): (Step | null)[] {
  const words = Array.isArray(value) ? value : [value];
  return words.map((word) => {
    if (word === 'none' || word === null) return null;
    const [, fault = '', argument = null] = /^([a-z0-9_]+)(?::(.+))?$/.exec(String(word)) ?? [];
    if (!isCallFault(fault)) throw new OrderProblem(`${path}: ${String(word)} is not a call fault`);
    return { fault, argument };
  });
}

function readWebhookFaults(path: string, value: unknown): readonly WebhookFault[] {
  const words: readonly unknown[] = Array.isArray(value) ? value : [value];
  return words.map((word) => {
    if (typeof word !== 'string' || !isWebhookFault(word)) {
      throw new OrderProblem(`${path}: ${String(word)} is not a webhook fault`);
    }
    return word;
  });
}

function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OrderProblem(`${path} must be an object`);
  }
  return value as Fields;
}

const isMs = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0;
