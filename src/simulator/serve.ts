// Carries one call through latency, faults and work: the work runs exactly once or not at all, and only then the answer may break.
import { breakAnswer, waitOf } from './broken-answers.ts';
import { CALL_FAULTS, type CallGroup } from './fault-list.ts';
import type { Step } from './faults.ts';
import { type Call, NotJson, sendJson } from './http.ts';
import { failure, Refusal, type Reply } from './reply.ts';
import type { World } from './world.ts';

export interface About {
  readonly group: CallGroup;
  /** What the call is about: decides its faults and its place in the log. */
  readonly key: string;
  /** The other side's phone or account number, where the call names one. */
  readonly account?: string | null;
}

/** Answers a call with what `work` replies, or with the fault that was ordered for it. `work` is synchronous. */
export function serve(world: World, call: Call, about: About, work: () => Reply): void {
  const step = world.faults.step(about.group, about.key, about.account ?? null);
  const slow = step?.fault === 'slow_before' ? waitOf(step, world.faults.settings.slow_ms) : 0;
  const waitMs = slow + world.faults.latencyMs(about.group, about.key);
  if (waitMs === 0) perform(world, call, about, step, work);
  else world.timers.after(waitMs, () => perform(world, call, about, step, work));
}

function perform(world: World, call: Call, about: About, step: Step | null, work: () => Reply): void {
  const note = (status: number | null) =>
    world.log.add('call', about.key, about.group, { status, fault: step?.fault ?? null });
  if (step !== null && step.fault !== 'slow_before' && CALL_FAULTS[step.fault].stage === 'before') {
    note(null);
    breakAnswer({ world, call, step, key: about.key, reply: null });
    return;
  }
  const reply = attempt(world, work);
  note(reply.status);
  const answer = () => {
    if (step === null) sendReply(call, reply);
    else if (step.fault !== 'slow_after') breakAnswer({ world, call, step, key: about.key, reply });
    else world.timers.after(waitOf(step, world.faults.settings.slow_ms), () => sendReply(call, reply));
  };
  if (reply.hold === undefined) answer();
  else void reply.hold.finally(answer);
}

export function sendReply(call: Call, reply: Reply): void {
  sendJson(call.response, reply.status, reply.body, reply.headers);
}

/** The reply of `work`; what it refuses becomes a reply too. */
export function attempt(world: World, work: () => Reply): Reply {
  const { settings } = world.faults;
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return failure(settings, error.status, ...error.messages);
    if (error instanceof NotJson) return failure(settings, 400, error.message);
    // A mistake of the simulator's own must be seen for what it is, not taken for an ordered fault.
    return failure(settings, 500, `simulator error: ${error instanceof Error ? error.message : String(error)}`);
  }
}
