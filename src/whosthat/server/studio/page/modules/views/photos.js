/**
 * Photos: which folders there are, how to bring more, what is wrong with them, and setting photos aside.
 */
import { html, useEffect, useState } from "../html.js";
import { get, post, sendFolder } from "../api.js";
import { belowTop } from "../folders.js";
import { Working } from "../jobs.js";
import { Bar, DropZone, Empty, Fault, fileName, Heading, insideText, photosText, Thumbs, Unusable, useAction, useLoaded, Waiting } from "../parts.js";
import { _, ngettext, N_, visible } from "../texts.js";

/** So many photos of a finding are shown at first. */
const FEW = 12;

export function PhotosView(props) {
  return props.about ? html`<${Folder} key=${props.about} folder=${props.about} ...${props} />` : html`<${Folders} ...${props} />`;
}

function Folders({ tell }) {
  const [listed, error, reload] = useLoaded(() => get("folders", { path: "" }), []);
  const [run, busy, failed] = useAction();
  const [sent, setSent] = useState(null);
  const receive = (files) => run(async () => {
    if (!files.length) return;
    const [name, below] = belowTop(files);
    setSent([0, files.length]);
    try {
      const { folder, kept, refused } = await sendFolder(name || "photos", below, (done, total) => setSent([done, total]));
      tell(refusedText(kept, refused));
      location.hash = `#/photos/${encodeURIComponent(folder)}`;
    } finally {
      setSent(null);
      reload();
    }
  });
  return html`<${Heading} lead=${_("One folder for each person or thing; the folder's name is its name.")}>${_("Photos")}<//>
    <${DropZone} folders title=${_("Drop a folder of photos here")} onFiles=${receive}>${_("The photos stay on this computer.")}<//>
    ${sent && html`<${Bar} label=${_("Photos copied")} done=${sent[0]} total=${sent[1]} />`}
    <${Fault} error=${error ?? failed} />
    ${!listed && !error && html`<${Waiting} />`}
    ${listed?.folders.length > 0 && html`<h2>${_("Folders")}</h2><ul class="cards">${listed.folders.map((folder) => html`<li key=${folder.name}>
      <a class="card" href=${`#/photos/${encodeURIComponent(folder.name)}`} aria-disabled=${busy}><b><bdi>${visible(folder.name)}</bdi></b>
        <span class="muted">${insideText(folder)}</span></a></li>`)}</ul>`}`;
}

function refusedText(kept, refused) {
  if (!refused.length) return ngettext("{n} photo copied.", "{n:,} photos copied.", kept);
  return _("{kept:,} copied, {refused:,} not. {name}: {reason}", { kept, refused: refused.length, name: fileName(refused[0].name), reason: refused[0].reason });
}

function Folder({ folder, state, seen, refresh, tell }) {
  const [checked, error, reload] = useLoaded(() => get(`check/${folder}`).catch((problem) => { if (problem.status !== 404) throw problem; return null; }), [folder]);
  const [photos, , reloadPhotos] = useLoaded(() => get("photos", { path: folder }), [folder]);
  const [selected, setSelected] = useState(new Set());
  const [run, busy, failed] = useAction();
  const checking = state.job?.kind === "check" && state.job.folder === folder && state.job.state === "running" && !seen.end;
  useEffect(() => {
    if (seen.end) reload();
  }, [seen.end]);
  const check = () => run(async () => {
    await post("check", { folder });
    await refresh();
  });
  const toggle = (photo) => setSelected((before) => {
    const next = new Set(before);
    if (!next.delete(photo)) next.add(photo);
    return next;
  });
  const again = () => {
    reload();
    reloadPhotos();
  };
  const setAside = () => run(async () => {
    const { undo, sentence } = await post("set-aside", { folder, photos: [...selected] });
    setSelected(new Set());
    again();
    tell(sentence, { label: _("Undo"), run: () => run(async () => {
      tell((await post("set-aside/undo", { folder, undo })).sentence);
      again();
    }) });
  });
  return html`<p class="back"><a href="#/photos">${_("All folders")}</a></p>
    <${Heading} lead=${checked?.sentence}><bdi>${visible(folder)}</bdi><//>
    <p class="buttons"><button type="button" class=${checked ? "" : "main"} disabled=${busy || checking} onClick=${check}>${checked ? _("Check again") : _("Check the photos")}</button>
      <a class=${checked ? "button main" : "button"} href=${`#/training/${encodeURIComponent(folder)}`}>${_("Train")}</a></p>
    <${Fault} error=${error ?? failed} />
    ${checking && html`<${Working} job=${state.job} seen=${seen} label=${_("Looking at the photos ...")} />`}
    ${checked && html`<${Findings} checked=${checked} selected=${selected} onToggle=${toggle} />`}
    ${photos?.photos.length > 0 && html`<${AllPhotos} folder=${folder} photos=${photos.photos} selected=${selected} onToggle=${toggle} />`}
    ${photos?.photos.length === 0 && html`<${Empty} title=${_("There are no photos in this folder.")} />`}
    ${selected.size > 0 && html`<div class="tray" role="region" aria-label=${_("Selected photos")}><p>${ngettext("{n} photo selected", "{n:,} photos selected", selected.size)}</p>
      <button type="button" class="main" disabled=${busy} onClick=${setAside}>${_("Set aside")}</button>
      <button type="button" class="quiet" onClick=${() => setSelected(new Set())}>${_("Select none")}</button></div>`}`;
}

const SEVERITIES = { problem: N_("problem"), warning: N_("warning"), note: N_("note") };

function Findings({ checked, selected, onToggle }) {
  return html`<section aria-labelledby="findings"><h2 id="findings">${_("Findings")}</h2>
    ${checked.findings.length ? html`<ul class="findings">${checked.findings.map((finding) => html`<${Finding} key=${finding.sentence} ...${{ finding, selected, onToggle }} />`)}</ul>`
      : html`<p>${_("Nothing is wrong with these photos.")}</p>`}
    <${Unusable} files=${checked.set_aside} /></section>`;
}

function Finding({ finding, selected, onToggle }) {
  const [all, setAll] = useState(false);
  const shown = all ? finding.photos : finding.photos.slice(0, FEW);
  return html`<li class="finding">
    <p><span class=${`severity ${finding.severity}`}>${_(SEVERITIES[finding.severity] ?? finding.severity)}</span> ${finding.sentence}</p>
    ${finding.advice && html`<p class="muted">${finding.advice}</p>`}
    ${shown.length > 0 && html`<${Thumbs} across=${FEW} photos=${shown} selected=${selected} onToggle=${onToggle} />`}
    ${finding.photos.length > shown.length && html`<button type="button" class="quiet" onClick=${() => setAll(true)}>${_("Show all {n:,}", { n: finding.photos.length })}</button>`}
  </li>`;
}

function AllPhotos({ folder, photos, selected, onToggle }) {
  const [only, setOnly] = useState("");
  const [large, setLarge] = useState(false);
  const classOf = (photo) => photo.slice(folder.length + 1).split("/").slice(0, -1)[0] ?? "";
  const classes = [...new Set(photos.map(classOf))].filter(Boolean);
  const shown = only ? photos.filter((photo) => classOf(photo) === only) : photos;
  return html`<section aria-labelledby="all-photos"><div class="row"><h2 id="all-photos">${_("All photos")}</h2>
      ${classes.length > 1 && html`<label class="inline">${_("Show")} <select value=${only} onChange=${(event) => setOnly(event.target.value)}>
        <option value="">${_("all")}</option>${classes.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></label>`}
      <span class="muted">${photosText(shown.length)}</span></div>
    <${Thumbs} photos=${shown} selected=${selected} onToggle=${onToggle} /></section>`;
}
