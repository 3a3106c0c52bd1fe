// Tells whether a recorded process is still the same one: a pid alone is reused by the system, a pid and a start time are not.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What is alive under `pid` now: a text that no other process ever had, or null when nothing is alive there. */
export function identityOf(pid: number): string | null {
  if (!isAlive(pid)) return null;
  return process.platform === 'linux' ? linuxIdentity(pid) : psField(pid, 'lstart=');
}

/** The command line of a living process, its arguments separated by spaces; empty when it cannot be read. */
export function commandOf(pid: number): string {
  if (process.platform !== 'linux') return psField(pid, 'command=') ?? '';
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** Whether anything but a zombie runs under `pid`, ours or another user's. */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return process.platform !== 'linux' || linuxStat(pid)?.state !== 'Z';
}

function linuxIdentity(pid: number): string | null {
  const stat = linuxStat(pid);
  // Start times count from boot, so the boot's own id makes them unique across restarts of the machine.
  return stat === null ? null : `${stat.startTicks} ${readBootId()}`;
}

function linuxStat(pid: number): { state: string; startTicks: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may itself contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
  } catch {
    return null;
  }
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function psField(pid: number, field: string): string | null {
  try {
    return execFileSync('ps', ['-o', field, '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}
