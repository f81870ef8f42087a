/**
 * The page's frame: which view is shown, what the server is doing, what was just done. The views are in views/, one file each.
 *
 * The address behind `#` names the view and what it is about (`#/result/photos-faces-1`), so that Back works and a view can be bookmarked.
 */
import { Fragment, html, render, useEffect, useErrorBoundary, useMemo, useRef, useState } from "./html.js";
import { get } from "./api.js";
import { useJob } from "./jobs.js";
import { JobBar } from "./parts.js";
import { _, N_, useTexts, visible } from "./texts.js";
import { GroupsView } from "./views/groups.js";
import { LibraryView } from "./views/library.js";
import { PeopleView } from "./views/people.js";
import { PhotosView } from "./views/photos.js";
import { ResultView } from "./views/result.js";
import { RunsView } from "./views/runs.js";
import { SettingsView } from "./views/settings.js";
import { TrainingView } from "./views/training.js";
import { WhoView } from "./views/who.js";

const VIEWS = [
  { name: "photos", title: N_("Photos"), view: PhotosView },
  { name: "groups", title: N_("Groups"), view: GroupsView },
  { name: "library", title: N_("Library"), view: LibraryView },
  { name: "training", title: N_("Training"), view: TrainingView },
  { name: "result", title: N_("Result"), view: ResultView },
  { name: "who", title: N_("Who is it?"), view: WhoView },
  { name: "people", title: N_("People"), view: PeopleView },
  { name: "runs", title: N_("Runs"), view: RunsView },
  { name: "settings", title: N_("Settings"), view: SettingsView },
];

/** Split `#/result/some/run` into the view's name and what it is about. */
function route() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return { name: VIEWS.some((view) => view.name === name) ? name : null, about: rest.map(decodeURIComponent).join("/") };
}

function useRoute() {
  const [at, setAt] = useState(route);
  useEffect(() => {
    const change = () => setAt(route());
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return at;
}

function App({ first }) {
  const [state, setState] = useState(first);
  const [notice, setNotice] = useState(null);
  const at = useRoute();
  const name = at.name ?? (state.runs.some(({ finished }) => finished) ? "who" : "photos");
  const refresh = async () => setState(await get("state"));
  const seen = useJob(state.job, (end) => {
    // A view that shows the job says itself how it ended.
    if (!document.querySelector(".live")) tell(end.message, end.run && end.state === "done" ? { label: _("See the result"), href: `#/result/${encodeURIComponent(end.run)}` } : null);
    return refresh().catch(() => {}); // what the job made is known before its end shows; a server that is gone is said elsewhere
  });
  /** Say something once, below; `action` is a link or a button beside it, such as Undo. */
  const tell = (sentence, action = null) => sentence && setNotice({ sentence, action, key: Date.now() });
  const speak = async (language) => {
    await loadTexts(language);
    await refresh();
  };
  const current = VIEWS.find((view) => view.name === name);
  useTitle(_(current.title), name, at.about);
  const shared = useMemo(() => ({ tell, refresh, speak }), []);
  return html`<${Fragment}>
    <a class="skip" href="#heading" onClick=${(event) => { event.preventDefault(); document.getElementById("heading")?.focus(); }}>${_("Skip to the content")}</a>
    <${Top} state=${state} name=${name} seen=${seen} />
    <main key=${`${state.language} ${name}`} data-view=${name}><${Guarded}><${current.view} ...${{ state, seen, about: at.about, ...shared }} /><//></main>
    <${Notice} key=${notice?.key} notice=${notice} onClose=${() => setNotice(null)} />
  <//>`;
}

/** Name the view in the window's title, and bring the focus to its heading once the reader went there. */
function useTitle(title, name, about) {
  const before = useRef(null);
  useEffect(() => {
    document.title = `${title} · whosthat`;
  }, [title]);
  useEffect(() => {
    if (before.current !== null && before.current !== name + about) {
      scrollTo(0, 0);
      document.getElementById("heading")?.focus({ preventScroll: true });
    }
    before.current = name + about;
  }, [name, about]);
}

function Top({ state, name, seen }) {
  const strip = useRef(null);
  useEffect(() => {
    strip.current.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [name]);
  // The job's own view shows the same, and more.
  const busy = state.job?.state === "running" && !seen.end && !whereJob(state.job).startsWith(`#/${name}`);
  return html`<header class="top">
    <p class="brand"><img src="/page/icon.svg" alt="" width="26" height="26" /> whosthat <span class="muted"><bdi>${visible(state.folder)}</bdi></span></p>
    <nav aria-label=${_("Views")} ref=${strip}><ul>${VIEWS.map((view) => html`<li key=${view.name}>
      <a href=${`#/${view.name}`} aria-current=${view.name === name ? "page" : null}>${_(view.title)}</a></li>`)}</ul></nav>
    ${busy && html`<a class="busy" href=${whereJob(state.job)}>
      <${JobBar} seen=${seen} label=${_("Working ...")} /></a>`}
  </header>`;
}

const PLACES = { check: "#/photos", discover: "#/groups", learn: "#/groups", scan: "#/library" };
const whereJob = ({ kind, folder }) => (kind in PLACES ? `${PLACES[kind]}/${encodeURIComponent(folder || ".")}` : kind === "video" ? "#/who" : "#/training");

function Guarded({ children }) {
  const [error, reset] = useErrorBoundary();
  if (!error) return children;
  return html`<div class="fault" role="alert"><p>${_("This view could not be shown: {error}", { error: error.message })}</p>
    <button type="button" onClick=${reset}>${_("Try again")}</button></div>`;
}

/** What was just done, for ten seconds; longer while somebody is on it. */
function Notice({ notice, onClose }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!notice || held) return undefined;
    const timer = setTimeout(onClose, 10000);
    return () => clearTimeout(timer);
  }, [notice, held]);
  const hold = { onPointerEnter: () => setHeld(true), onPointerLeave: () => setHeld(false), onFocusIn: () => setHeld(true), onFocusOut: () => setHeld(false) };
  return html`<div class="notices" role="status">${notice && html`<div class="notice" ...${hold}><p>${notice.sentence}</p>
    ${notice.action?.href && html`<a class="button" href=${notice.action.href} onClick=${onClose}>${notice.action.label}</a>`}
    ${notice.action?.run && html`<button type="button" onClick=${() => { onClose(); notice.action.run(); }}>${notice.action.label}</button>`}
    <button type="button" class="quiet" onClick=${onClose}>${_("Close")}</button></div>`}</div>`;
}

async function loadTexts(language) {
  useTexts(language === "en" ? {} : await get("texts", { lang: language }));
  document.documentElement.lang = language.replace("_", "-");
}

async function start() {
  const root = document.getElementById("app");
  try {
    const state = await get("state");
    await loadTexts(state.language);
    render(html`<${App} first=${state} />`, root);
  } catch (error) {
    render(html`<main><h1>whosthat</h1><p class="fault" role="alert">${error.message}</p></main>`, root);
  }
  document.documentElement.dataset.ready = "";
}

start();
