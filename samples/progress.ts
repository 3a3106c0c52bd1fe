// Shows how far a run is: two bars in a terminal, a line now and then everywhere else.
import { MultiBar, Presets } from 'cli-progress';
import type { Run } from './run.ts';

const BAR_MS = 100;
const LINE_MS = 2_000;

/** Begins to show; the function it gives ends that with the last figures. */
export function showProgress(run: Run, isTerminal: boolean): () => void {
  return isTerminal ? bars(run) : lines(run);
}

function bars(run: Run): () => void {
  const format = '{what}  {bar}  {value} of {total}';
  const multi = new MultiBar({ format, hideCursor: true, clearOnComplete: false, barsize: 36 }, Presets.shades_classic);
  const sent = multi.create(run.all.length, 0, { what: 'sent ' });
  const final = multi.create(run.all.length, 0, { what: 'final' });
  const update = () => {
    sent.update(run.answered);
    final.setTotal(Math.max(run.accepted.length, 1));
    final.update(run.final);
  };
  const timer = setInterval(update, BAR_MS);
  return () => {
    clearInterval(timer);
    update();
    multi.stop();
  };
}

function lines(run: Run): () => void {
  let last = '';
  const update = () => {
    const line = `sent ${run.answered} of ${run.all.length}, final ${run.final} of ${run.accepted.length}`;
    if (line !== last) console.log(line);
    last = line;
  };
  const timer = setInterval(update, LINE_MS);
  return () => {
    clearInterval(timer);
    update();
  };
}
