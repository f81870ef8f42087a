/**
 * Lines over a common axis, drawn as SVG: curves of a training, and what a threshold costs.
 *
 * A chart is a picture with words (`summary`) for those who do not see it; the value under the pointer is shown as the pointer moves.
 */
import { html, useState } from "./html.js";

const WIDTH = 560;
const HEIGHT = 240;
const MARGIN = { left: 46, right: 14, top: 12, bottom: 34 };

/** Steps of 1, 2 or 5 times a power of ten, about four of them. */
export function ticks(low, high) {
  const rough = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((one) => one * power >= rough);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

/**
 * @param {{label: string, kind: string, points: [number, number][]}[]} lines `kind` names the colour in the style sheet
 * @param {[number, number]} x the range of the axis below
 * @param {[number, number]} y the range of the axis at the left; by default 0 to the largest
 * @param {(value: number) => string} say how a value is written
 * @param {number} mark where a line stands upright, such as the threshold
 */
export function Chart({ lines, x, y, xLabel, summary, say = String, sayX = String, mark }) {
  const [under, setUnder] = useState(null);
  const points = lines.flatMap((line) => line.points);
  if (!points.length) return null;
  const [left, right] = x;
  const [low, high] = y ?? [0, Math.max(...points.map(([, value]) => value)) * 1.05 || 1];
  const across = (at) => MARGIN.left + ((at - left) / (right - left || 1)) * (WIDTH - MARGIN.left - MARGIN.right);
  const up = (value) => HEIGHT - MARGIN.bottom - ((value - low) / (high - low || 1)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const follow = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = left + ((((event.clientX - box.left) / box.width) * WIDTH - MARGIN.left) / (WIDTH - MARGIN.left - MARGIN.right)) * (right - left);
    const every = [...new Set(points.map(([one]) => one))];
    setUnder(every.reduce((best, one) => (Math.abs(one - at) < Math.abs(best - at) ? one : best)));
  };
  const values = under === null ? [] : lines.map((line) => [line, line.points.find(([at]) => at === under)]).filter(([, point]) => point);
  return html`<figure class="chart">
    <figcaption><ul class="keys">${lines.map((line) => html`<li key=${line.label}><i class=${line.kind} />${line.label}${said(values, line, say)}</li>`)}</ul></figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${summary} onPointerMove=${follow} onPointerLeave=${() => setUnder(null)}>
      ${ticks(low, high).map((value) => html`<g key=${value}><line class="grid" x1=${MARGIN.left} x2=${WIDTH - MARGIN.right} y1=${up(value)} y2=${up(value)} />
        <text x=${MARGIN.left - 8} y=${up(value) + 4} text-anchor="end">${say(value)}</text></g>`)}
      ${ticks(left, right).map((at) => html`<text key=${at} x=${across(at)} y=${HEIGHT - MARGIN.bottom + 18} text-anchor="middle">${sayX(at)}</text>`)}
      ${xLabel && html`<text class="axis" x=${WIDTH - MARGIN.right} y=${HEIGHT - 2} text-anchor="end">${xLabel}</text>`}
      ${mark !== undefined && html`<line class="mark" x1=${across(mark)} x2=${across(mark)} y1=${MARGIN.top} y2=${HEIGHT - MARGIN.bottom} />`}
      ${lines.map((line) => html`<path key=${line.label} class=${`line ${line.kind}`} d=${line.points.map(([at, value], n) => `${n ? "L" : "M"}${across(at).toFixed(1)} ${up(value).toFixed(1)}`).join("")} />`)}
      ${under !== null && html`<line class="pointer" x1=${across(under)} x2=${across(under)} y1=${MARGIN.top} y2=${HEIGHT - MARGIN.bottom} />`}
      ${values.map(([line, [at, value]]) => html`<circle key=${line.label} class=${line.kind} r="4" cx=${across(at)} cy=${up(value)} />`)}
      ${lines.filter((line) => line.points.length === 1).map((line) => html`<circle key=${`only ${line.label}`} class=${line.kind} r="3" cx=${across(line.points[0][0])} cy=${up(line.points[0][1])} />`)}
    </svg>
  </figure>`;
}

const said = (values, line, say) => {
  const found = values.find(([one]) => one === line);
  return found ? html` <b>${say(found[1][1])}</b>` : null;
};
