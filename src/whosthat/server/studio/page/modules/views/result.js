/**
 * Result: what came of a training. The verdict in words, the threshold and what it costs, each person, and the whole report.
 */
import { html, useState } from "../html.js";
import { get, post, reportUrl } from "../api.js";
import { Chart } from "../chart.js";
import { Empty, Facts, Fault, Heading, useAction, useLoaded, Waiting } from "../parts.js";
import { _, N_, percent, visible } from "../texts.js";

export function ResultView(props) {
  const { state, about } = props;
  const name = about || state.open?.name || state.runs.find(({ finished }) => finished)?.name;
  if (!name) return html`<${Heading}>${_("Result")}<//><${Empty} title=${_("Nothing was trained yet.")}><p><a class="button main" href="#/training">${_("Train")}</a></p><//>`;
  return html`<${Result} key=${name} name=${name} ...${props} />`;
}

function Result({ name, state, refresh, tell }) {
  const [run, error] = useLoaded(() => get(`runs/${name}`), [name]);
  const [act, busy, failed] = useAction();
  const open = () => act(async () => {
    await post(`runs/${name}/open`);
    await refresh();
    tell(_("{run} answers from now on.", { run: name }), { label: _("Who is it?"), href: "#/who" });
  });
  return html`<${Heading}><bdi>${visible(name)}</bdi><//>
    <${Fault} error=${error ?? failed} />
    ${!run && !error && html`<${Waiting} />`}
    ${run && html`<${Verdict} run=${run} />
      <p class="buttons">${state.open?.name === name ? html`<a class="button main" href="#/who">${_("Who is it?")}</a>`
        : html`<button type="button" class="main" disabled=${busy} onClick=${open}>${_("Use this recogniser")}</button>`}</p>
      ${run.threshold && html`<section aria-labelledby="threshold"><h2 id="threshold">${_("Threshold")}</h2><${Threshold} name=${name} threshold=${run.threshold} refresh=${refresh} /></section>`}
      ${run.people?.length > 0 && html`<${Classes} people=${run.people} />`}
      <${Report} name=${name} facts=${run.facts} />`}`;
}

const GRADES = { good: N_("Good"), fair: N_("Fair"), poor: N_("Poor") };

function Verdict({ run }) {
  const [first, ...others] = run.figures;
  const { grade, sentence, next } = run.verdict ?? { sentence: _("It was not tested.") };
  return html`<section class="verdict">
    ${first && html`<p class="figure">${first.value.replace(/ ?%$/, "")} <span>${first.value.endsWith("%") ? "% " : ""}${first.label}</span></p>`}
    <div>${GRADES[grade] && html`<p class=${`grade ${grade}`}>${_(GRADES[grade])}</p>`}<p class="sentence">${sentence}</p></div>
    ${others.length > 0 && html`<ul class="tally">${others.map(({ label, value }) => html`<li key=${label}><b>${value}</b>${label}</li>`)}</ul>`}
    ${run.cautions?.length > 0 && html`<ul class="cautions">${run.cautions.map((caution) => html`<li key=${caution}>${caution}</li>`)}</ul>`}
    ${next && html`<div class="next"><h2>${_("Next step")}</h2><p>${next}</p></div>`}
  </section>`;
}

/** The threshold in words, the curve behind it, and a slider. Moving it changes the answers at once; for how long is asked with a button. */
export function Threshold({ name, threshold, refresh }) {
  const { curve, low, high, step } = threshold;
  const [now, setNow] = useState({ value: threshold.value, sentence: threshold.sentence, saved: threshold.saved });
  const [run, busy, error] = useAction();
  const near = (value) => curve.reduce((best, point) => (Math.abs(point.value - value) < Math.abs(best.value - value) ? point : best), curve[0]);
  const move = (value) => setNow({ ...now, value, sentence: near(value)?.sentence ?? now.sentence });
  const set = (value, save = false) => run(async () => {
    const { sentence, saved, ...answer } = await post(`runs/${name}/threshold`, { value, save });
    setNow({ value: answer.value, sentence, saved });
    await refresh();
  });
  const line = (label, kind, key) => ({ label, kind, points: curve.filter((point) => typeof point[key] === "number").map((point) => [point.value, point[key]]) });
  const lines = [line(_("strangers that get a name"), "bad", "strangers"), line(_("known people who stay unknown"), "validation", "known_unknown")].filter(({ points }) => points.length);
  const text = threshold.kind === "distance" ? _("Largest distance that gets a name") : _("Smallest confidence that gets a name");
  return html`<div class="threshold">
    <p class="sentence" aria-live="polite">${now.sentence}</p>
    <${Chart} lines=${lines} x=${[low, high]} y=${[0, 1]} mark=${now.value} xLabel=${threshold.kind === "distance" ? _("distance") : _("confidence")} say=${(share) => percent(share)} sayX=${(value) => value.toFixed(2)} summary=${now.sentence} />
    <label class="slider">${text} <output>${now.value.toFixed(3)}</output>
      <input type="range" min=${low} max=${high} step=${step} value=${now.value} aria-valuetext=${now.sentence} onInput=${(event) => move(Number(event.target.value))} onChange=${(event) => set(Number(event.target.value))} /></label>
    ${threshold.how && html`<details><summary>${_("How it was fitted")}</summary><p class="muted">${threshold.how}</p></details>`}
    <p class="buttons"><button type="button" disabled=${busy || now.value === threshold.fitted} onClick=${() => set(threshold.fitted)}>${_("As it was trained")}</button>
      <button type="button" disabled=${busy || now.value === now.saved} onClick=${() => set(now.value, true)}>${_("Save this threshold")}</button></p>
    <p class="muted" aria-live="polite">${now.value === now.saved ? _("This threshold is saved: it holds everywhere.") : _("Until it is saved, it holds here, as long as the studio runs.")}</p>
    <${Fault} error=${error} /></div>`;
}

function Classes({ people }) {
  const tested = people.some(({ test }) => test);
  return html`<section aria-labelledby="classes"><h2 id="classes">${_("Each person or thing")}</h2><div class="scroll" tabindex="0" role="group" aria-labelledby="classes"><table>
    <thead><tr><th scope="col">${_("Name")}</th><th scope="col">${_("Photos")}</th>${tested && html`<th scope="col">${_("Correct in the test")}</th>`}</tr></thead>
    <tbody>${people.map(({ name, photos, correct, test }) => html`<tr key=${name}><th scope="row"><bdi>${visible(name)}</bdi></th><td>${photos}</td>
      ${tested && html`<td>${test ? _("{correct} of {test}", { correct, test }) : ""}</td>`}</tr>`)}</tbody></table></div></section>`;
}

/** The report as the command line makes it, in a frame of its own: what it holds cannot reach this page. */
function Report({ name, facts }) {
  const [shown, setShown] = useState(false);
  return html`<section aria-labelledby="report"><h2 id="report">${_("The whole report")}</h2>
    ${facts?.length > 0 && html`<${Facts} facts=${facts} />`}
    <details onToggle=${(event) => setShown(event.currentTarget.open)}><summary>${_("Show the report")}</summary>
      ${shown && html`<iframe class="report" src=${reportUrl(name)} title=${_("Report of {run}", { run: name })} sandbox="allow-scripts"></iframe>`}</details></section>`;
}
