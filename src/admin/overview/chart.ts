// Charts as SVG text: bars that add up, and lines. Shapes stretch with their box; words stay outside, so that they stay readable.
import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { curveMonotoneX, line, stack, stackOffsetDiverging } from 'd3-shape';
import { html, raw } from 'hono/html';
import type { Html } from '../pages/layout.ts';

export interface Series {
  readonly name: string;
  /** Names its colour in the style sheet. */
  readonly tone: string;
  readonly values: readonly number[];
}

export interface Drawn {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What it shows, in a sentence, for whoever does not see it. */
  readonly description: string;
  readonly kind: 'bars' | 'lines';
  readonly series: readonly Series[];
  /** What stands below, from left to right: as many as divide the width evenly, or the first and the last. */
  readonly times: readonly string[];
  /** Of each step: what its bar says, and where it leads. */
  readonly steps: readonly { readonly text: string; readonly href: string | null }[];
}

/** Units of the drawing; the box decides how large they are. */
const HEIGHT = 200;
const STEP = 10;
const TICKS = 4;
/** A single failure among thousands must still be seen. */
const LEAST = 3;

export function chartHtml(of: Drawn): Html {
  const width = of.steps.length * STEP;
  const y = heights(of);
  const ticks = y.ticks(TICKS);
  const short = y.tickFormat(TICKS, '~s');
  const word = (tick: number) => (tick === 0 ? '0' : short(tick).replace('G', 'B').replace('k', 'K'));
  const shapes = of.kind === 'bars' ? bars(of, y) : lines(of, y);
  // Numbers and class names of our own: nothing in these strings comes from outside.
  const grid = raw(ticks.map((tick) => `M0 ${Math.round(y(tick))}H${width}`).join(''));
  return html`<div class="plot"><div class="yticks" aria-hidden="true">${ticks.toReversed().map((tick) => html`<span>${word(tick)}</span>`)}</div>
<svg viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none"><g role="img" aria-labelledby="${of.id}-t ${of.id}-d">
<title id="${of.id}-t">${of.title}</title><desc id="${of.id}-d">${of.description}</desc>
<path class="grid" d="${grid}"/>${shapes}</g><g class="hits" aria-hidden="true">${of.steps.map(hit)}</g></svg>
<div class="xticks" aria-hidden="true">${of.times.map((time) => html`<span>${time}</span>`)}</div></div>`;
}

/** From zero, or the lowest below it, to a round number above the highest: its ticks are evenly spaced from edge to edge. */
function heights(of: Drawn): ScaleLinear<number, number> {
  const at = of.steps.map((_, n) => of.series.map(({ values }) => values[n] ?? 0));
  const above = (values: readonly number[]) =>
    of.kind === 'lines' ? Math.max(...values) : values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const below = (values: readonly number[]) =>
    of.kind === 'lines' ? Math.min(...values) : values.reduce((sum, value) => sum + Math.min(0, value), 0);
  const domain = [Math.min(0, ...at.map(below)), Math.max(0, ...at.map(above)) || 1];
  return scaleLinear(domain, [HEIGHT, 0]).nice(TICKS);
}

/** Each bar is a stroke as wide as its step allows: half the letters of a box, and a page has hundreds of them. */
function bars(of: Drawn, y: ScaleLinear<number, number>): Html {
  const rows = of.steps.map((_, n) => new Map(of.series.map(({ name, values }) => [name, values[n] ?? 0])));
  const layers = stack<unknown, Map<string, number>, string>()
    .keys(of.series.map(({ name }) => name))
    .value((row, name) => row.get(name) ?? 0)
    .offset(stackOffsetDiverging)(rows);
  return html`${layers.map((layer, n) => {
    const path = layer.flatMap(([low, high], step) => {
      if (low === high) return [];
      const [bottom, top] = [Math.round(y(low)), Math.round(y(high))];
      return [`M${step * STEP + STEP / 2} ${bottom}V${Math.min(top, bottom - LEAST)}`];
    });
    return path.length === 0 ? '' : html`<path class="bar ${of.series[n]?.tone}" d="${raw(path.join(''))}"/>`;
  })}`;
}

function lines(of: Drawn, y: ScaleLinear<number, number>): Html {
  const draw = line<number>()
    .x((_, n) => n * STEP + STEP / 2)
    .y((value) => y(value))
    .curve(curveMonotoneX)
    .digits(0);
  return html`${of.series.map(({ tone, values }) => html`<path class="line ${tone}" d="${raw(draw([...values]) ?? '')}"/>`)}`;
}

/** The whole height of a step answers to the pointer (its size is in the style sheet). Whoever has none finds the same link in the table. */
function hit(step: Drawn['steps'][number], n: number): Html {
  const area = html`<rect x="${n * STEP}"><title>${step.text}</title></rect>`;
  return step.href === null ? area : html`<a href="${step.href}" tabindex="-1">${area}</a>`;
}

/** `count` of the labels, evenly spaced from the first on; where that does not go, the first and the last. */
export function evenly(labels: readonly string[]): readonly string[] {
  const every = [6, 7, 8, 5, 4].map((parts) => labels.length / parts).find(Number.isInteger);
  if (every === undefined || labels.length < 4) return [labels[0] ?? '', labels.at(-1) ?? ''];
  return labels.filter((_, n) => n % every === 0);
}
