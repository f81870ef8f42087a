/**
 * Library: scan photos into one, find them by who is in them, look at one from near, correct single faces, take corrections back, rename people.
 *
 * What is looked for stands in the address, so that Back leads to what was found before: `#/library/family/query=anna`.
 */
import { Fragment, html, useState } from "../html.js";
import { boxUrl, get, photoUrl, post } from "../api.js";
import { FaceSheet } from "../face_sheet.js";
import { Picture } from "../faces.js";
import { Working } from "../jobs.js";
import { Dialog, Empty, Fault, fileName, Heading, insideText, Small, Thumbs, Unusable, useAction, useLoaded, Waiting } from "../parts.js";
import { _, visible } from "../texts.js";
import { Rename } from "./people.js";

/** So many photos are shown at first, and so many more each time. */
const MORE = 600;
/** So many people, and so many corrections, are shown at first. */
const FEW = 40;
/** Where a library is added to those that are there; no folder has an empty name. */
const NEW = "#/library//new";
const FIELDS = ["query", "since", "until", "within", "faces", "like", "face"];

/** The address of a library, or of what is looked for in it. */
export const libraryAt = (folder, asked = {}) => {
  const terms = new URLSearchParams(Object.entries(asked).filter(([, value]) => value)).toString();
  return ["#", "library", folder, terms].filter(Boolean).map((part, at) => (at ? encodeURIComponent(part) : part)).join("/");
};

/** A name as a query writes it. */
const quoted = (name) => `"${name.replaceAll("\"", "\"\"")}"`;

export function LibraryView({ state, about, ...others }) {
  const job = state.job?.kind === "scan" ? state.job : null;
  const [only = job?.state === "running" ? job.folder : "", second] = state.libraries;
  const folder = about.split("/")[0] || (about || second ? "" : only);
  const scan = { job: job?.folder === folder ? job : null, ...others };
  if (state.libraries.includes(folder)) return html`<${Library} key=${folder} folder=${folder} terms=${about.split("/").slice(1).join("/")} ...${scan} />`;
  return html`<${Heading} lead=${!only && _("A library knows photos wherever they lie. No photo is changed.")}>${_("Library")}<//>
    ${!folder && html`<ul class="cards">${state.libraries.map((name) => html`<li key=${name}><a class="card" href=${libraryAt(name)}><b><bdi>${visible(name)}</bdi></b></a></li>`)}</ul>`}
    <${Scanned} folder=${folder} ...${scan} /><${Scan} folder="" title=${state.libraries.length ? _("New library") : _("Which photos?")} known=${[]} ...${scan} />`;
}

/** The scan that runs, or what the last one found. */
function Scanned({ folder, job, seen }) {
  if (!job) return null;
  const { state, message, result } = seen.end ?? {};
  return html`<section class="live" aria-labelledby="scanned"><h2 id="scanned">${seen.end ? _("The last scan") : _("Scanning")}</h2>
    ${!seen.end && html`<${Working} ...${{ job, seen }} />`}<p role="status" class=${state === "failed" ? "fault" : ""}>${message}</p>
    ${result && html`<${Unusable} files=${result.unreadable} /><p class="buttons"><a class="button main" href=${`#/groups/${encodeURIComponent(folder)}`}>${_("Name groups of faces")}</a></p>`}</section>`;
}

/** The folders whose photos a library knows, and those that can be added. */
function Scan({ folder, title = _("Folders"), known, job, seen, refresh }) {
  const [listed, error] = useLoaded(() => get("folders", { path: "" }), []);
  const [chosen, choose] = useState([]);
  const [run, busy, failed] = useAction();
  if (job && !seen.end) return null;
  const scan = (event) => {
    event.preventDefault();
    run(async () => {
      const started = await post("library/scan", { folder, photos: chosen });
      choose([]);
      await refresh();
      location.hash = libraryAt(started.folder);
      document.getElementById("heading")?.focus();
    });
  };
  const places = (listed ? [{ ...listed, name: "", folders: 0 }, ...listed.folders] : []).filter(({ name, photos }) => photos && !known.some((one) => one.name === name));
  const toggle = (name) => choose(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  const choices = html`<div class="choices">${places.map((place) => html`<label class="choice" key=${place.name}><input type="checkbox" checked=${chosen.includes(place.name)} onChange=${() => toggle(place.name)} />
    <span><b><bdi>${visible(place.name || _("All photos"))}</bdi></b><small>${insideText(place)}</small></span></label>`)}</div>`;
  if (!folder && listed && !places.length) return html`<${Empty} title=${_("There are no photos here.")}><p class="buttons"><a class="button main" href="#/photos">${_("Bring photos")}</a></p><//>`;
  return html`<section aria-labelledby="folders"><form onSubmit=${scan}><h2 id="folders">${title}</h2>
    <ul class="plain">${known.map(({ name, there }) => html`<li key=${name}><bdi>${visible(name || _("All photos"))}</bdi> ${!there && html`<span class="muted">${_("not there now")}</span>`}</li>`)}</ul>
    ${folder ? places.length > 0 && html`<details><summary>${_("Add folders")}</summary>${choices}</details>` : choices}
    <p class="buttons"><button class=${folder ? "" : "main"} disabled=${busy || !(folder || chosen.length)}>${_("Scan")}</button> <small class="muted">${_("Only new and changed photos are looked at. It can be stopped at any time, and goes on with the next scan.")}</small> ${folder && html`<a href=${NEW}>${_("New library")}</a>`}</p>
    <${Fault} error=${error ?? failed} /></form></section>`;
}

function Library({ folder, terms, tell, ...scan }) {
  const asked = Object.fromEntries([...new URLSearchParams(terms)].filter(([name]) => FIELDS.includes(name)));
  const [known, error, reload] = useLoaded(() => get("library", { folder }), [folder, scan.seen.end]);
  const [shown, setShown] = useState(null);
  const [turn, setTurn] = useState(0);
  const close = (changed) => {
    setShown(null);
    if (!changed) return;
    reload();
    setTurn(turn + 1);
  };
  const [run, , failed] = useAction();
  const shows = (sentence, name, back) => {
    tell(sentence, back);
    location.hash = libraryAt(folder, { query: quoted(name) });
    close(true);
  };
  /** Rename somebody; what was found by the new name comes in the place of the old one's. */
  const rename = async (name, to, merge) => {
    const { sentence, number } = await post("library/rename", { folder, name, new_name: to, merge });
    const undo = async () => {
      shows((await post("library/undo", { folder, number })).sentence, name);
    };
    shows(sentence, to, { label: _("Undo"), run: () => run(number ? undo : () => rename(to, name, false)) });
  };
  const people = known?.people ?? [];
  const parts = { folder, turn, onOpen: setShown };
  const only = people.find(({ name }) => asked.query?.toLowerCase() === quoted(name).toLowerCase())?.name;
  return html`<${Heading} lead=${known?.sentence}><bdi>${visible(folder)}</bdi><//>
    <${Fault} error=${error ?? failed} />${!terms && html`<${Scanned} folder=${folder} ...${scan} />`}
    <${Search} key=${terms} ...${{ folder, asked }} />
    ${terms ? html`<${Found} key=${terms} asked=${asked} ...${parts}>${only && html`<${Person} name=${only} onRename=${(to, merge) => rename(only, to, merge)} />`}<//>`
      : known && html`<${People} ...${{ folder, known }} /><${Scan} folder=${folder} known=${known.folders} ...${scan} /><${Corrections} ...${parts} tell=${tell} onChange=${() => close(true)} />`}
    ${shown && html`<${LargePhoto} key=${folder} ...${{ folder, people, shown }} onStep=${setShown} onClose=${close} />`}`;
}

function Search({ folder, asked }) {
  // `value` would put back what stood there each time that a scan tells how far it is, while somebody is writing.
  const search = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget));
    location.hash = libraryAt(folder, { ...given, like: asked.like, face: asked.face });
  };
  const field = (name, label, hint) => html`<label>${label}<input name=${name} maxlength="200" autocomplete="off" placeholder=${hint} defaultValue=${asked[name] ?? ""} /></label>`;
  const rest = Object.fromEntries(Object.entries(asked).filter(([name]) => name !== "like" && name !== "face"));
  return html`<form class="search" role="search" onSubmit=${search}>
    <div class="naming"><label>${_("Who is in the photos?")}<input type="search" name="query" maxlength="2000" autocomplete="off" spellcheck="false" placeholder=${_("anna and bob and not tom")} defaultValue=${asked.query ?? ""} /></label>
      <button class="main">${_("Find")}</button></div>
    <details open=${["since", "until", "within", "faces"].some((name) => asked[name])}><summary>${_("Dates, folder, number of faces")}</summary>
      <div class="fields">${field("since", _("Since"), "2019-07")}${field("until", _("Until"), "2019-08-31")}${field("within", _("In the folder"), "")}${field("faces", _("Faces"), "3+")}</div></details>
    ${asked.like && html`<p class="row"><span>${_("Like face {face} of {photo}", { face: asked.face, photo: fileName(asked.like) })}</span> <a href=${libraryAt(folder, rest)}>${_("Anybody")}</a></p>`}
    ${Object.keys(asked).length > 0 && html`<p class="back"><a href=${libraryAt(folder)}>${_("Everybody, and what was corrected")}</a></p>`}</form>`;
}

/** Everybody in the library: a click finds their photos. */
function People({ folder, known }) {
  const [all, setAll] = useState(false);
  const shown = all ? known.people : known.people.slice(0, FEW);
  const link = (query, label, n) => html`<li key=${query}><a class="button" href=${libraryAt(folder, { query })}><bdi>${visible(label)}</bdi>${n !== null && html` <small>${n.toLocaleString("en-US")}</small>`}</a></li>`;
  return html`<section aria-labelledby="everybody"><div class="row"><h2 id="everybody">${_("Everybody")}</h2><a href=${`#/groups/${encodeURIComponent(folder)}`}>${_("Name groups of faces")}</a></div>
    <ul class="buttons">${shown.map(({ name, faces }) => link(quoted(name), name, faces))}
      ${known.unknown > 0 && link("unknown", _("Unknown"), known.unknown)}${link("nobody", _("No face"), null)}
      ${shown.length < known.people.length && html`<li><button type="button" class="quiet" onClick=${() => setAll(true)}>${_("Show all {n:,}", { n: known.people.length })}</button></li>`}</ul></section>`;
}

/** Who was looked for, to be called by another name. */
function Person({ name, onRename }) {
  const [open, setOpen] = useState(false);
  return html`<${Fragment}><div class="row"><h2><bdi>${visible(name)}</bdi></h2><button type="button" onClick=${() => setOpen(true)}>${_("Rename")}<span class="hidden"> ${name}</span></button></div>
    ${open && html`<${Rename} ...${{ name, onRename }} onClose=${() => setOpen(false)} />`}<//>`;
}

function Found({ folder, asked, turn, onOpen, children }) {
  const [most, setMost] = useState(MORE);
  const [found, error] = useLoaded(() => get("library/find", { folder, ...asked, most }), [most, turn]);
  if (error) return html`<${Fault} error=${error} />`;
  if (!found) return html`<${Waiting} />`;
  const photos = new Map(found.photos.map((photo) => [photo.path, photo]));
  return html`<section aria-labelledby="found"><h2 id="found" class="hidden">${_("What was found")}</h2>${children}<p role="status">${found.sentence}</p>
    <${Thumbs} photos=${[...photos.keys()]} labelOf=${(path) => [fileName(path), photos.get(path).who, photos.get(path).when].filter(Boolean).join(" · ")} onOpen=${(path) => onOpen({ photo: photos.get(path), among: found.photos })} />
    ${found.total > most && html`<p class="buttons more"><button type="button" onClick=${() => setMost(most + MORE)}>${_("Show more photos")}</button></p>`}</section>`;
}

/** What was said of single faces and of groups, each to be taken back or to hold again. */
function Corrections({ folder, turn, tell, onOpen, onChange }) {
  const [most, setMost] = useState(FEW);
  const [said, error] = useLoaded(() => get("library/corrections", { folder, most }), [most, turn]);
  const [run, busy, failed] = useAction();
  const change = (how, number) => run(async () => {
    const { sentence } = await post(`library/${how}`, { folder, number });
    const back = how === "undo" ? "redo" : "undo";
    tell(sentence, { label: back === "undo" ? _("Undo") : _("Redo"), run: () => change(back, number) });
    onChange();
  });
  if (!said?.total) return html`<${Fault} error=${error} />`;
  return html`<section aria-labelledby="corrections"><h2 id="corrections">${_("Corrections")} <small class="muted">${said.total.toLocaleString("en-US")}</small></h2><${Fault} error=${failed} />
    <ul class="rows corrections">${said.corrections.map((one) => html`<li key=${one.number} class=${one.undone ? "undone" : ""}>
      ${!one.photo ? html`<div class="thumb"></div>` : html`<button type="button" class="thumb" disabled=${!one.path} aria-label=${_("Open {photo}", { photo: one.name })} onClick=${() => onOpen({ photo: { id: one.photo, path: one.path }, among: [] })}><${Small} src=${one.path && boxUrl(one.path, one.box)} /></button>`}
      <span><b><bdi>${visible(one.what)}</bdi></b> <small>${[`${one.number}`, one.many || visible(one.name), moment(one.said_at)].filter(Boolean).join(" · ")}</small>${one.doubt && html`<small class="doubt">${one.doubt}</small>`}</span>
      <button type="button" disabled=${busy} onClick=${() => change(one.undone ? "redo" : "undo", one.number)}>${one.undone ? _("Let it hold again") : _("Take back")}<span class="hidden"> ${one.number}</span></button></li>`)}</ul>
    ${said.total > most && html`<p class="buttons more"><button type="button" onClick=${() => setMost(most + FEW)}>${_("Show more corrections")}</button></p>`}</section>`;
}

const moment = (seconds) => new Date(1000 * seconds).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

/** A photo as large as the window, with its faces; what was said of one, with the way back. */
function LargePhoto({ folder, people, shown, onStep, onClose }) {
  const { id, path, when } = shown.photo;
  const [photo, error, reload] = useLoaded(() => get("library/photo", { folder, id }), [id]);
  const [chosen, choose] = useState(null);
  const [learn, setLearn] = useState(false);
  const [said, setSaid] = useState(null);
  const [changed, setChanged] = useState(false);
  const [run, busy, failed] = useAction();
  const heard = ({ sentence, number }, undone = false) => {
    setSaid({ sentence, number, undone });
    setChanged(true);
    choose(null);
    reload();
  };
  const turn = () => run(async () => heard(await post(`library/${said.undone ? "redo" : "undo"}`, { folder, number: said.number }), !said.undone));
  const at = shown.among.findIndex((one) => one.id === id);
  const step = (by) => {
    setSaid(null);
    onStep({ ...shown, photo: shown.among[at + by] });
  };
  const face = photo?.faces.find((one) => one.face === chosen);
  const src = path && photoUrl(path, 1600);
  const where = path && face && libraryAt(folder, { like: path, face: face.face });
  return html`<${Dialog} look="wide" title=${html`<bdi>${visible(photo?.name ?? fileName(path ?? ""))}</bdi>`} onClose=${() => onClose(changed)}>
    <div class="said" role="status">${said && html`<${Fragment}><p>${said.sentence}</p><button type="button" disabled=${busy} onClick=${turn}>${said.undone ? _("Redo") : _("Undo")}</button><//>`}</div>
    ${when && html`<p class="muted">${when}</p>`}<${Fault} error=${error ?? failed} />${!photo && !error && html`<${Waiting} />`}
    ${photo && html`<div class="large" style=${{ "--ratio": String(photo.width / photo.height) }}><${Picture} ...${{ photo, src }} onFace=${(one) => choose(one.face)} /></div>`}
    ${shown.among.length > 1 && html`<p class="buttons"><button type="button" disabled=${at < 1} onClick=${() => step(-1)}>${_("Previous photo")}</button>
      <button type="button" disabled=${at < 0 || at > shown.among.length - 2} onClick=${() => step(1)}>${_("Next photo")}</button>
      <span class="muted">${_("{done:,} of {total:,}", { done: at + 1, total: shown.among.length })}</span></p>`}<//>
    ${face && html`<${FaceSheet} key=${face.id} noFace ...${{ photo, src, face }} names=${people.map(({ name }) => name)} onDone=${heard} onClose=${() => choose(null)}
      onSay=${(what, more) => post("library/correct", { folder, face: face.id, what, learn: learn && what.startsWith("is"), ...more })}>
      <label class="choice"><input type="checkbox" checked=${learn} onChange=${() => setLearn(!learn)} /><span>${_("The recogniser may learn from it")}<small>${_("From who a face is, or is not. What does harm says so in the list of corrections.")}</small></span></label>
      ${where && html`<p class="buttons"><a class="button" href=${where} onClick=${() => onClose(changed)}>${_("Who is this, where else?")}</a></p>`}<//>`}`;
}
