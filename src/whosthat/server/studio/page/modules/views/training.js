/**
 * Training: what to learn from and with, how it goes, stopping it and going on.
 */
import { Fragment, html, useState } from "../html.js";
import { get, post } from "../api.js";
import { Chart } from "../chart.js";
import { Working } from "../jobs.js";
import { Empty, Fault, Heading, insideText, useAction, useLoaded, Waiting } from "../parts.js";
import { _, percent, visible } from "../texts.js";

/** So many of the last sentences stand below the bar. */
const LAST = 6;

export function TrainingView(props) {
  const { state, seen } = props;
  const job = state.job?.kind === "train" || state.job?.kind === "resume" ? state.job : null;
  const running = job?.state === "running" && !seen.end;
  return html`<${Heading}>${_("Training")}<//>
    ${job && (running || seen.end) && html`<${Live} ...${{ ...props, job, running }} />`}
    ${!running && html`<${Fragment}><${Choose} ...${props} /><${Stopped} ...${props} /><//>`}`;
}

/** The training that is going on, or the one that just ended. */
function Live({ job, seen, running }) {
  return html`<section class="live" aria-labelledby="live"><h2 id="live"><bdi>${visible(seen.run ?? job.run ?? job.folder)}</bdi></h2>
    ${running && html`<${Working} job=${job} seen=${seen} label=${_("Getting ready ...")} />`}
    ${seen.epochs.length > 0 && html`<${Curves} epochs=${seen.epochs} />`}
    <ul class="sentences" aria-live="polite">${seen.sentences.slice(-LAST).map((sentence, n) => html`<li key=${n + sentence}>${sentence}</li>`)}</ul>
    ${seen.end && html`<p class=${seen.end.state === "failed" ? "fault" : "done"} role="status">${seen.end.message}</p>`}
    ${seen.end?.state === "done" && seen.end.run && html`<p class="buttons"><a class="button main" href=${`#/result/${encodeURIComponent(seen.end.run)}`}>${_("See the result")}</a></p>`}</section>`;
}

/** Loss and accuracy of each epoch so far. */
export function Curves({ epochs }) {
  const line = (label, kind, key) => ({ label, kind, points: epochs.filter((epoch) => typeof epoch[key] === "number").map((epoch) => [epoch.n, epoch[key]]) });
  const kept = (...lines) => lines.filter(({ points }) => points.length);
  const { n, of, accuracy, val_accuracy: checked, loss } = epochs.at(-1);
  const x = [1, Math.max(of ?? n, 2)];
  return html`<div class="pair">
    <div><h3>${_("Accuracy")}</h3><${Chart} x=${x} y=${[0, 1]} xLabel=${_("epoch")} say=${(share) => percent(share)}
      lines=${kept(line(_("training"), "train", "accuracy"), line(_("validation"), "validation", "val_accuracy"))}
      summary=${_("Accuracy after epoch {n}: {share}", { n, share: percent(checked ?? accuracy ?? 0) })} /></div>
    <div><h3>${_("Loss")}</h3><${Chart} x=${x} xLabel=${_("epoch")} say=${(value) => value.toFixed(2)}
      lines=${kept(line(_("training"), "train", "loss"), line(_("validation"), "validation", "val_loss"))}
      summary=${_("Loss after epoch {n}: {loss}", { n, loss: (loss ?? 0).toFixed(3) })} /></div></div>`;
}

function Choose({ about, refresh }) {
  const [listed, error] = useLoaded(() => get("folders", { path: "" }), []);
  const [chosenFolder, setFolder] = useState(null);
  const folder = chosenFolder ?? (about || listed?.folders[0]?.name || "");
  const [offered, offeredError] = useLoaded(() => (folder ? get("models", { folder }) : Promise.resolve(null)), [folder]);
  const [chosenModel, setModel] = useState(null);
  const [strangers, setStrangers] = useState("");
  const [run, busy, failed] = useAction();
  const model = chosenModel ?? offered?.proposed;
  const train = (event) => {
    event.preventDefault();
    run(async () => {
      await post("train", { folder, model, strangers: strangers || null, settings: {} });
      await refresh();
      document.getElementById("heading")?.focus();
    });
  };
  if (error) return html`<${Fault} error=${error} />`;
  if (!listed) return html`<${Waiting} />`;
  if (!listed.folders.length) return html`<${Empty} title=${_("There are no photos yet.")}><p><a class="button main" href="#/photos">${_("Bring photos")}</a></p><//>`;
  return html`<form class="form" onSubmit=${train}>
    <h2>${_("A new training")}</h2>
    <label>${_("Photos to learn from")}<select value=${folder} onChange=${(event) => { setFolder(event.target.value); setModel(null); }}>
      ${listed.folders.map((one) => html`<option key=${one.name} value=${one.name}>${one.name} (${insideText(one)})</option>`)}</select></label>
    <fieldset><legend>${_("What it should learn")}</legend>
      ${offered?.reason && html`<p class="muted">${offered.reason}</p>`}
      <div class="choices">${(offered?.models ?? []).map((one) => html`<label class="choice" key=${one.name}>
        <input type="radio" name="model" value=${one.name} checked=${one.name === model} onChange=${() => setModel(one.name)} />
        <span><b>${one.title ?? one.name}</b>${one.name === offered.proposed && html` <em>${_("proposed")}</em>`}<small>${one.sentence}</small></span></label>`)}</div></fieldset>
    <label>${_("Photos of strangers")}<select value=${strangers} onChange=${(event) => setStrangers(event.target.value)}>
      <option value="">${_("none")}</option>${listed.folders.filter(({ name }) => name !== folder).map(({ name }) => html`<option key=${name} value=${name}>${name}</option>`)}</select>
      <small>${_("People or things that must stay unknown. They set the threshold.")}</small></label>
    <p class="buttons"><button class="main" disabled=${busy || !model}>${_("Start training")}</button></p>
    <${Fault} error=${failed ?? offeredError} /></form>`;
}

function Stopped({ state, refresh }) {
  const [run, busy, error] = useAction();
  const stopped = state.runs.filter(({ finished }) => !finished);
  if (!stopped.length) return null;
  const resume = (name) => run(async () => {
    await post("resume", { run: name });
    await refresh();
  });
  return html`<section aria-labelledby="stopped"><h2 id="stopped">${_("Stopped before the end")}</h2>
    <ul class="rows">${stopped.map(({ name }) => html`<li key=${name}><bdi>${visible(name)}</bdi> <button type="button" disabled=${busy} onClick=${() => resume(name)}>${_("Go on")}</button></li>`)}</ul>
    <${Fault} error=${error} /></section>`;
}
