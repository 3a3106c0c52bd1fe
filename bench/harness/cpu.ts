// Processor time by process, read from /proc (Linux; elsewhere nothing is reported rather than something invented).
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Microseconds of processor time used so far, by part. */
export type CpuReading = Readonly<Record<string, number>>;

const PARTS_SUPPORTED = existsSync('/proc/self/stat');
const TICK_US = PARTS_SUPPORTED ? 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : 0;

interface Stat {
  readonly parent: number;
  readonly ownUs: number;
  /** Of children that have ended and were waited for. */
  readonly endedChildrenUs: number;
}

function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = (index: number) => Number(fields[index]) * TICK_US;
    return { parent: Number(fields[1]), ownUs: ticks(11) + ticks(12), endedChildrenUs: ticks(13) + ticks(14) };
  } catch {
    return null;
  }
}

/**
 * Reads each part's processor time: `single` are processes by themselves, `trees` with their children, of which `except` (the
 * backend that only serves the harness) is counted as the harness's. Null where the system does not tell.
 */
export function readCpu(of: {
  single: Readonly<Record<string, number | null>>;
  trees: Readonly<Record<string, number>>;
  except: number;
}): CpuReading | null {
  if (!PARTS_SUPPORTED) return null;
  const reading: Record<string, number> = {};
  for (const [part, pid] of Object.entries(of.single)) {
    if (pid !== null) reading[part] = readStat(pid)?.ownUs ?? 0;
  }
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  for (const [part, root] of Object.entries(of.trees)) {
    const top = readStat(root);
    let total = (top?.ownUs ?? 0) + (top?.endedChildrenUs ?? 0);
    for (const pid of pids) {
      if (Number(pid) === of.except) continue;
      const stat = readStat(Number(pid));
      if (stat?.parent === root) total += stat.ownUs;
    }
    reading[part] = total;
  }
  const { user, system } = process.cpuUsage();
  reading['harness'] = user + system + (readStat(of.except)?.ownUs ?? 0);
  return reading;
}

/** What was used between two readings, divided by the number of things that were done. */
export function perItem(before: CpuReading | null, after: CpuReading | null, items: number): CpuReading | null {
  if (before === null || after === null || items === 0) return null;
  return Object.fromEntries(
    Object.entries(after).map(([part, used]) => [part, Math.max(0, Math.round((used - (before[part] ?? 0)) / items))]),
  );
}
