/**
 * Runs: every training of this folder, and some of them side by side.
 */
import { html, useState } from "../html.js";
import { get, post } from "../api.js";
import { Empty, Fault, Heading, useAction, useLoaded, Waiting } from "../parts.js";
import { _, ngettext, percent, visible } from "../texts.js";

export function RunsView({ state, refresh, tell }) {
  const [selected, setSelected] = useState([]);
  const [compared, setCompared] = useState([]);
  const [run, busy, error] = useAction();
  const toggle = (name) => setSelected((before) => (before.includes(name) ? before.filter((one) => one !== name) : [...before, name]));
  const open = (name) => run(async () => {
    await post(`runs/${name}/open`);
    await refresh();
    tell(_("{run} answers from now on.", { run: name }));
  });
  if (!state.runs.length) return html`<${Heading}>${_("Runs")}<//><${Empty} title=${_("Nothing was trained yet.")}><p><a class="button main" href="#/training">${_("Train")}</a></p><//>`;
  return html`<${Heading} lead=${_("Select two or more to see them side by side.")}>${_("Runs")}<//>
    <${Fault} error=${error} />
    <ul class="rows runs">${state.runs.map((one) => html`<li key=${one.name}>
      <label><input type="checkbox" disabled=${!one.finished} checked=${selected.includes(one.name)} onChange=${() => toggle(one.name)} /><span><b><bdi>${visible(one.name)}</bdi></b>
        <small>${[one.model, one.people && ngettext("{n} person or thing", "{n:,} people or things", one.people), one.photos && ngettext("{n} photo", "{n:,} photos", one.photos), day(one.made)].filter(Boolean).join(" · ")}</small></span></label>
      <span class="number">${one.accuracy === null || one.accuracy === undefined ? (one.finished ? "" : _("stopped")) : percent(one.accuracy, 1)}</span>
      <span class="buttons">${one.finished && html`<a class="button" href=${`#/result/${encodeURIComponent(one.name)}`}>${_("Result")}<span class="hidden"> ${one.name}</span></a>`}
        ${state.open?.name === one.name ? html`<span class="grade good">${_("in use")}</span>`
          : one.finished && html`<button type="button" disabled=${busy} onClick=${() => open(one.name)}>${_("Use this one")}<span class="hidden"> ${one.name}</span></button>`}</span></li>`)}</ul>
    <p class="buttons"><button type="button" class="main" disabled=${selected.length < 2} onClick=${() => setCompared(selected)}>${_("Compare")}</button></p>
    ${compared.length > 1 && html`<${Comparison} key=${compared.join()} names=${compared} />`}`;
}

const day = (made) => (made ? new Date(made).toLocaleDateString(document.documentElement.lang, { dateStyle: "medium" }) : "");

function Comparison({ names }) {
  const [answer, error] = useLoaded(() => get("runs/compare", { names: names.join(",") }), []);
  if (error) return html`<${Fault} error=${error} />`;
  if (!answer) return html`<${Waiting} />`;
  return html`<section aria-labelledby="comparison"><h2 id="comparison">${_("Side by side")}</h2><p>${answer.sentence}</p>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="comparison"><table class="compare">
      <thead><tr>${answer.columns.map((column, n) => html`<th key=${n} scope="col">${column || html`<span class="hidden">${_("Figure")}</span>`}</th>`)}</tr></thead>
      <tbody>${answer.rows.map(([first, ...cells], n) => html`<tr key=${n}><th scope="row">${first}</th>${cells.map((cell, m) => html`<td key=${m}>${cell}</td>`)}</tr>`)}</tbody></table></div></section>`;
}
