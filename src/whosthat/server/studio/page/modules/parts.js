/**
 * The small things that views are made of: headings, notices, dialogs, drop zones, grids of photos. None of them asks the server.
 */
import { html, useEffect, useId, useRef, useState } from "./html.js";
import { chosen, dropped } from "./folders.js";
import { photoUrl } from "./api.js";
import { _, ngettext, N_, visible } from "./texts.js";

/** The heading of a view. It takes the focus when the view opens, so that a screen reader says where one is. */
export function Heading({ children, lead }) {
  return html`<header class="heading"><h1 tabindex="-1" id="heading">${children}</h1>${lead && html`<p class="lead">${lead}</p>`}</header>`;
}

/** Something to wait for, in words. */
export const Waiting = ({ children }) => html`<p class="waiting" role="status">${children ?? _("One moment ...")}</p>`;

/** Something that went wrong, in the server's own sentence. */
export const Fault = ({ error }) => error && html`<p class="fault" role="alert">${error.message}</p>`;

const ANYWAY = { unusable_photos: N_("Enrol anyway"), taken: N_("Make one person of both") };

/** The same where the server doubts what the reader knows better: whether photos show somebody, whether two people are one. */
export const Anyway = ({ error, busy, onAnyway }) => error && html`<div class="fault" role="alert"><p>${error.message}</p>
  ${ANYWAY[error.code] && html`<button type="button" disabled=${busy} onClick=${onAnyway}>${_(ANYWAY[error.code])}</button>`}</div>`;

/** What stands where nothing is yet, and what to do about it. */
export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2>${children}</div>`;

/**
 * Load something when its dependencies change.
 * @returns {[any, Error|null, () => void]} the value (undefined until it is here), the error, and how to load it again
 */
export function useLoaded(load, dependencies) {
  const [loaded, setLoaded] = useState({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let wanted = true;
    load().then(
      (value) => wanted && setLoaded({ value }),
      (error) => wanted && setLoaded({ error }),
    );
    return () => { wanted = false; };
  }, [...dependencies, turn]);
  return [loaded.value, loaded.error ?? null, () => setTurn((now) => now + 1)];
}

/**
 * Run actions one at a time, and keep what went wrong with the last one.
 * @returns {[(action: () => Promise<any>) => Promise<any>, boolean, Error|null]} run, whether one runs, its error
 */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const run = async (action) => {
    setBusy(true);
    setError(null);
    try {
      return await action();
    } catch (problem) {
      setError(problem);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  return [run, busy, error];
}

/** A name and a button, with which faces are named. `onName(name)` hears the name, which is never empty; `list` is the id of the names that are proposed while one writes. */
export function NameForm({ label, action, list, value = "", main = false, busy, onName }) {
  const [name, setName] = useState(value);
  const submit = (event) => {
    event.preventDefault();
    onName(name);
  };
  return html`<form class="naming" onSubmit=${submit}><label><span class="hidden">${label ?? _("Name")}</span><input type="text" required maxlength="200" autocomplete="off" list=${list} placeholder=${_("Name")} value=${name} onInput=${(event) => setName(event.target.value)} /></label>
    <button class=${main ? "main" : ""} disabled=${busy}>${action}</button></form>`;
}

/** A dialog over the page; Esc and a click beside it close it, and the focus goes back to where it was. `look` is its class: sheet, wide. */
export function Dialog({ title, look = "", onClose, children }) {
  const dialog = useRef(null);
  const id = useId();
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  const beside = (event) => event.target === dialog.current && dialog.current.close();
  return html`<dialog ref=${dialog} class=${look} aria-labelledby=${id} onClose=${onClose} onClick=${beside}>
    <div class="inside">
      <header><h2 id=${id}>${title}</h2>
        <button class="quiet close" type="button" aria-label=${_("Close")} onClick=${() => dialog.current.close()}>${CROSS}</button></header>
      ${children}
    </div>
  </dialog>`;
}

const CROSS = html`<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M3 3l10 10M13 3L3 13" /></svg>`;

/** A place to drop files or folders on, with buttons for those who do not drag. */
export function DropZone({ title, children, folders = false, accept, onFiles, compact = false, more }) {
  const [over, setOver] = useState(false);
  const input = useRef(null);
  const drag = (event) => {
    event.preventDefault();
    setOver(true);
  };
  const drop = async (event) => {
    event.preventDefault();
    setOver(false);
    onFiles(await dropped(event.dataTransfer));
  };
  const choose = () => {
    onFiles(chosen(input.current.files));
    input.current.value = "";
  };
  return html`<div class=${`drop ${over ? "over" : ""} ${compact ? "compact" : ""}`} onDragOver=${drag} onDragLeave=${() => setOver(false)} onDrop=${drop}>
    <p class="title">${title}</p>
    ${children && html`<p class="muted">${children}</p>`}
    <p class="buttons">
      <button type="button" class="main" onClick=${() => input.current.click()}>${folders ? _("Choose a folder") : _("Choose photos")}</button>
      ${more}
    </p>
    <input ref=${input} type="file" hidden multiple webkitdirectory=${folders} accept=${accept} onChange=${choose} aria-hidden="true" tabindex="-1" />
  </div>`;
}

/**
 * A grid of small photos, of thousands too. With `onToggle` they can be selected, with `onOpen` opened; `labelOf` says what is in one.
 * `across` is the columns of the wide page (app.css).
 *
 * Rows that are far from what is seen hold no elements at all: thousands of pictures cost as much as those on the screen. A row at a time
 * comes and goes, since a frame has time to make and ask for about ten pictures.
 */
export function Thumbs({ photos, across = 8, ...how }) {
  const rows = [];
  for (let at = 0; at < photos.length; at += across) rows.push(photos.slice(at, at + across));
  return html`<div class="thumbs">${rows.map((row) => html`<${Row} key=${row[0]} photos=${row} ...${how} />`)}</div>`;
}

const tellNear = new WeakMap();
const watcher = new IntersectionObserver((entries) => entries.forEach(({ target, isIntersecting }) => tellNear.get(target)(isIntersecting)), { rootMargin: "600px" });

function Row({ photos, selected, ...how }) {
  const [near, setNear] = useState(false);
  const place = useRef(null);
  useEffect(() => {
    const row = place.current;
    tellNear.set(row, setNear);
    watcher.observe(row);
    return () => watcher.unobserve(row);
  }, []);
  useEffect(() => {
    const pictures = place.current.querySelectorAll("img");
    return () => pictures.forEach((picture) => picture.removeAttribute("src")); // who scrolls past asks no more: what is seen now comes first
  }, [near]);
  return html`<ul ref=${place} class="block">
    ${near && photos.map((photo) => html`<${Thumb} key=${photo} photo=${photo} chosen=${selected?.has(photo)} ...${how} />`)}
  </ul>`;
}

/** The last part of a path, which is what people call a photo. */
export const fileName = (path) => path.split("/").at(-1);

function Thumb({ photo, chosen: isChosen, onToggle, onOpen, labelOf = String }) {
  const label = labelOf(photo);
  const picture = html`<${Small} loading="eager" src=${photoUrl(photo)} title=${label} alt=${onToggle || onOpen ? "" : fileName(photo)} />`;
  if (onOpen) return html`<li><button type="button" class="thumb" aria-label=${label} onClick=${() => onOpen(photo)}>${picture}</button></li>`;
  if (!onToggle) return html`<li>${picture}</li>`;
  return html`<li><button type="button" class="thumb" aria-pressed=${String(Boolean(isChosen))} aria-label=${label} onClick=${() => onToggle(photo)}>${picture}</button></li>`;
}

/** A small picture, or a crossed field where there is none. */
export function Small({ src, alt = "", title, loading = "lazy" }) {
  const [broken, setBroken] = useState(false);
  if (broken || !src) return html`<span class="none" title=${title} />`;
  return html`<img src=${src} alt=${alt} title=${title} loading=${loading} decoding="async" width="112" height="112" onError=${() => setBroken(true)} />`;
}

/** A bar that fills, with its words above it. */
export function Bar({ label, done, total, note }) {
  return html`<div class="bar"><p><span>${label}</span><span class="muted">${note} ${total ? _("{done:,} of {total:,}", { done, total }) : ""}</span></p>
    <progress value=${done} max=${Math.max(total, 1)} aria-label=${label}></progress></div>`;
}

/** The bar of the job that the page follows (jobs.js); `label` stands until the job tells what it does. */
export const JobBar = ({ seen, label }) =>
  html`<${Bar} label=${seen.step?.what ?? label} done=${seen.step?.done ?? 0} total=${seen.step?.total ?? 0} note=${seen.step?.note} />`;

/** Label and value, as a list of terms. */
export const Facts = ({ facts }) => html`<dl class="facts">${facts.map(({ label, value }) => html`<div key=${label}><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;

/** Files that cannot be used, with the reason of each. */
export const Unusable = ({ files }) => files.length > 0 && html`<details><summary>${ngettext("{n} file cannot be used", "{n:,} files cannot be used", files.length)}</summary>
  <ul class="plain">${files.map(({ photo, reason }) => html`<li key=${photo}><bdi>${visible(photo)}</bdi> <span class="muted">${reason}</span></li>`)}</ul></details>`;

/** "84 photos". */
export const photosText = (n) => ngettext("{n} photo", "{n:,} photos", n);

/** What is directly in a folder: "7 folders", "84 photos", or both. */
export const insideText = ({ photos, folders }) =>
  [folders > 0 && ngettext("{n} folder", "{n:,} folders", folders), (photos > 0 || !folders) && photosText(photos)].filter(Boolean).join(" · ");
