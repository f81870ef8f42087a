/**
 * Groups: faces without names put together by person, to be named. Of a folder of photos, or of a library.
 *
 * Whole groups and single faces can be selected, over several groups; what is then done holds for all of them. The keyboard goes from group
 * to group by Tab, from face to face by the arrow keys, and from name to name by Enter.
 */
import { Fragment, html, useEffect, useRef, useState } from "../html.js";
import { boxUrl, get, post } from "../api.js";
import { walk } from "../faces.js";
import { Working } from "../jobs.js";
import { Empty, Fault, Heading, insideText, NameForm, Small, useAction, useLoaded, Waiting } from "../parts.js";
import { _, ngettext, visible } from "../texts.js";
import { libraryAt } from "./library.js";

/** So many groups are shown at first, and so many more each time. */
const MORE = 40;
const JOBS = ["discover", "learn"];
const LISTS = ["guessed", "unnamed", "alone", "named", "nobody"];
const NOTHING = { groups: new Map(), faces: new Set() };

export function GroupsView(props) {
  return props.about ? html`<${Groups} key=${props.about} folder=${props.about === ALL ? "" : props.about} ...${props} />` : html`<${Places} />`;
}

/** What the address calls the studio's own folder, whose name on the server is empty. */
const ALL = ".";

function Places() {
  const [listed, error] = useLoaded(() => get("groups/places"), []);
  const places = listed && [...(listed.photos ? [{ name: ALL, photos: listed.photos, folders: 0 }] : []), ...listed.folders];
  return html`<${Heading} lead=${_("Photos that nobody has sorted: faces of one person come together, and you say who it is.")}>${_("Groups")}<//>
    <${Fault} error=${error} />${!listed && !error && html`<${Waiting} />`}
    ${places?.length === 0 && html`<${Empty} title=${_("There are no photos here.")}><p class="buttons"><a class="button main" href="#/photos">${_("Bring photos")}</a></p><//>`}
    ${places?.length > 0 && html`<ul class="cards places">${places.map((place) => html`<li key=${place.name}><a class="card" href=${`#/groups/${encodeURIComponent(place.name)}`}>
      <b><bdi>${place.name === ALL ? _("All photos") : visible(place.name)}</bdi></b><span class="muted">${place.library ? _("Library") : insideText(place)}</span></a></li>`)}</ul>`}`;
}

function Groups({ folder, state, seen, refresh, tell }) {
  const [shown, setShown] = useState(undefined);
  const [most, setMost] = useState(MORE);
  const [selected, select] = useState(NOTHING);
  const [run, busy, error] = useAction();
  const mine = JOBS.includes(state.job?.kind) && state.job.folder === folder;
  const working = mine && state.job.state === "running" && !seen.end;
  const load = () => run(async () => setShown(await get("groups", { folder, most })));
  useEffect(() => { load(); }, [most]);
  useEffect(() => {
    if (seen.end && mine) load();
  }, [seen.end]);
  const look = () => run(async () => {
    setShown(null);
    await post("groups/look", { folder });
    await refresh();
  });
  /** Change something; afterwards nothing is selected, and the next name can be written at once. */
  const change = (action, what, then = focusNext) => run(async () => {
    const { groups = [], faces = [], name = "" } = what;
    setShown(await post("groups/change", { folder, turn: shown.turn, most, action, groups, faces, name }));
    select(NOTHING);
    requestAnimationFrame(then);
  });
  const undo = () => run(async () => {
    setShown(await post("groups/undo", { folder, turn: shown.turn, most }));
    select(NOTHING);
  });
  const learn = () => run(async () => {
    await post("groups/learn", { folder });
    await refresh();
  });
  const toggle = {
    group: (group) => select((before) => {
      const groups = new Map(before.groups);
      if (!groups.delete(group.number)) groups.set(group.number, group);
      return { ...before, groups };
    }),
    face: (face) => select((before) => {
      const faces = new Set(before.faces);
      if (!faces.delete(face)) faces.add(face);
      return { ...before, faces };
    }),
  };
  const title = folder || _("All photos");
  const parts = { shown, folder, selected, toggle, busy, change };
  return html`<p class="back"><a href="#/groups">${_("All folders")}</a></p>
    <${Heading} lead=${shown?.sentence}><bdi>${visible(title)}</bdi><//>
    <${Fault} error=${error} />
    ${working && html`<${Working} job=${state.job} seen=${seen} />`}
    ${shown === undefined && !error && html`<${Waiting} />`}
    ${shown === null && !working && html`<p>${_("Each photo is looked at once. No photo is changed.")}</p><p class="buttons"><button type="button" class="main" disabled=${busy} onClick=${look}>${_("Find the faces")}</button></p>`}
    ${shown && html`<${Fragment}>
      <p class="buttons">
        ${shown.can_undo && html`<button type="button" disabled=${busy} onClick=${undo}>${_("Undo")}</button>`}
        ${shown.library ? html`<a class="button" href=${libraryAt(folder)}>${_("Find photos")}</a>`
          : html`<button type="button" class="quiet" disabled=${busy || working} onClick=${look}>${_("Look for new photos")}</button>`}</p>
      <${Part} id="guessed" title=${_("Proposed names")} part=${shown.guessed} ...${parts}>
        <p class="muted">${_("Say no where a name is wrong, or write the right one. Then accept the others together.")}</p><p class="buttons">
        ${shown.probable > 0 && html`<button type="button" class="main" disabled=${busy} onClick=${() => change("accept", {})}>${ngettext("Accept {n} probable name", "Accept all {n:,} probable names", shown.probable)}</button>`}
        ${shown.guessed.total > shown.probable && html`<button type="button" disabled=${busy} onClick=${() => change("accept-all", {})}>${ngettext("Accept {n} proposed name", "Accept all {n:,} proposed names", shown.guessed.total)}</button>`}</p><//>
      <${Part} id="unnamed" title=${_("Who is this?")} part=${shown.unnamed} ...${parts} />
      <${Part} id="alone" title=${_("Faces that nobody else resembles")} part=${shown.alone} ...${parts} />
      ${!shown.guessed.total && !shown.unnamed.total && !shown.alone.total && html`<p class="done">${_("Every face has a name.")}</p>`}
      <${Part} id="named" title=${_("With a name")} part=${shown.named} ...${parts} />
      <${Part} id="nobody" title=${_("Nobody you know")} part=${shown.nobody} ...${parts} />
      ${LISTS.some((list) => shown[list].total > most) && html`<p class="buttons more"><button type="button" onClick=${() => setMost(most + MORE)}>${_("Show more groups")}</button></p>`}
      ${shown.named.total > 0 && html`<${Use} ...${{ folder, tell }} onLearn=${shown.library && !working ? learn : null} />`}
      <${Tray} ...${{ selected, select, busy, change, people: shown.people }} /><datalist id="groups-people">${shown.people.map((name) => html`<option key=${name} value=${name} />`)}</datalist><//>`}`;
}

/** The next group that waits for a name gets the keyboard, unless the reader has gone on already. */
function focusNext() {
  if (document.activeElement && document.activeElement !== document.body) return;
  const next = ["unnamed", "alone"].map((list) => document.querySelector(`.persons.${list} form input`)).find(Boolean);
  (next ?? document.getElementById("heading"))?.focus();
}

function Part({ id, title, part, children, ...parts }) {
  if (!part.total) return null;
  return html`<section aria-labelledby=${id}><h2 id=${id}>${title} <small class="muted">${part.total.toLocaleString("en-US")}</small></h2>
    ${children}<ul class=${`persons ${id}`}>${part.groups.map((group) => html`<${Group} key=${group.key} ...${{ group, ...parts }} />`)}</ul></section>`;
}

function Group({ group, shown, folder, selected, toggle, busy, change }) {
  const [all, setAll] = useState(null);
  const [run, loading, error] = useAction();
  useEffect(() => setAll(null), [shown.turn]);
  const faces = all ?? group.faces;
  const showAll = () => run(async () => setAll(await get(`groups/faces/${group.number}`, { folder, turn: shown.turn })));
  const alone = group.n === 1;
  const who = group.name === "-" ? _("nobody I know") : group.name ?? group.guess_text ?? _("group {number}", { number: group.number });
  const only = { groups: [group.number] };
  const give = (name) => change("name", { ...only, name });
  return html`<li class="person"><div class="row"><label class="inline"><input type="checkbox" checked=${selected.groups.has(group.number)} onChange=${() => toggle.group(group)} />
      <b class=${group.name ? "" : "muted"}><bdi>${visible(who)}</bdi></b></label><span class="muted">${ngettext("{n} face", "{n:,} faces", group.n)}</span>
      ${group.n > faces.length && html`<button type="button" class="quiet" disabled=${loading} onClick=${showAll}>${_("Show all {n:,}", { n: group.n })}<span class="hidden"> ${who}</span></button>`}</div>
    <${Faces} label=${who} faces=${faces} n=${group.n} selected=${selected.faces} onToggle=${toggle.face} />
    <div class="answers">
      ${group.guess && html`<button type="button" class="main" disabled=${busy} onClick=${() => give(group.guess)}>${_("Yes, {name}", { name: group.guess })}</button>
        <button type="button" disabled=${busy} onClick=${() => change("not", { ...only, name: group.guess })}>${_("Not {name}", { name: group.guess })}</button>`}
      ${group.name === null ? html`<${NameForm} list="groups-people" label=${_("Name of {who}", { who })} action=${alone ? _("Name") : _("Name them")} busy=${busy} onName=${give} />
        <button type="button" class="quiet" disabled=${busy} onClick=${() => change("nobody", only)}>${_("Nobody I know")}<span class="hidden"> ${who}</span></button>`
      : html`<button type="button" class="quiet" disabled=${busy} onClick=${() => give("")}>${_("Take the name back")}<span class="hidden"> ${who}</span></button>`}</div>
    <${Fault} error=${error} /></li>`;
}

/** The faces of a group, as buttons that select them: one Tab stop, and the arrow keys. */
function Faces({ label, faces, n, selected, onToggle }) {
  const [active, setActive] = useState(0);
  const buttons = useRef([]);
  return html`<ul class="strip" aria-label=${_("Faces of {who}", { who: label })}>${faces.map((face, at) => html`<${Fragment} key=${face.id}>
    ${at > 0 && face.number > faces[at - 1].number + 1 && html`<li class="muted gap"><small>${_("and {n:,} more", { n: face.number - faces[at - 1].number - 1 })}</small></li>`}
    <li><button type="button" class="thumb" aria-pressed=${String(selected.has(face.id))} aria-label=${_("Face {number} of {n}, {photo}", { number: face.number, n, photo: face.photo })} title=${visible(face.photo)}
      ref=${(button) => { buttons.current[at] = button; }} tabindex=${at === Math.min(active, faces.length - 1) ? 0 : -1} onFocus=${() => setActive(at)} onKeyDown=${(event) => walk(event, at, buttons.current.slice(0, faces.length))} onClick=${() => onToggle(face.id)}>
      <${Small} src=${face.path && boxUrl(face.path, face.box)} /></button></li><//>`)}</ul>`;
}

/** What is done with everything that is selected. */
function Tray({ selected, select, busy, change, people }) {
  const what = { groups: [...selected.groups.keys()], faces: [...selected.faces] };
  if (!what.groups.length && !what.faces.length) return null;
  const names = [...new Set([...selected.groups.values()].map((group) => group.name ?? group.guess))];
  const guess = names.length === 1 && names[0] !== "-" ? names[0] : null;
  const told = [what.groups.length && ngettext("{n} group", "{n:,} groups", what.groups.length), what.faces.length && ngettext("{n} face", "{n:,} faces", what.faces.length)];
  return html`<div class="tray" role="region" aria-label=${_("What is selected")}><p>${told.filter(Boolean).join(" · ")}</p>
    <${NameForm} key=${guess} list="groups-people" label=${_("Name of what is selected")} action=${what.groups.length > 1 ? _("Join as one person") : _("Name them")} value=${guess ?? ""} busy=${busy} onName=${(name) => change("name", { ...what, name })} />
    <${Not} people=${people} busy=${busy} onName=${(name) => change("not", { ...what, name })} />
    <button type="button" disabled=${busy} onClick=${() => change("nobody", what)}>${_("Nobody I know")}</button>
    <button type="button" class="quiet" onClick=${() => select(NOTHING)}>${_("Select none")}</button></div>`;
}

/** "Not this person": of whom there are, one is chosen. */
function Not({ people, busy, onName }) {
  if (!people.length) return null;
  return html`<label class="inline"><span class="hidden">${_("These faces are not")}</span><select value="" disabled=${busy} onChange=${(event) => event.target.value && onName(event.target.value)}>
    <option value="">${_("Not ...")}</option>${people.map((name) => html`<option key=${name} value=${name}>${_("Not {name}", { name })}</option>`)}</select></label>`;
}

/** What comes of the names: folders of people, and a training. */
function Use({ folder, tell, onLearn }) {
  const [link, setLink] = useState(false);
  const [made, setMade] = useState(null);
  const [run, busy, error] = useAction();
  const sort = () => run(async () => {
    const done = await post("groups/sort", { folder, link });
    setMade(done.photos ? done.folder : null);
    tell(done.sentence);
  });
  return html`<section aria-labelledby="use"><h2 id="use">${_("Use the names")}</h2>
    <p>${_("Photos that show exactly one person with a name go into a new folder, one folder for each person. From there they can be trained on.")}</p>
    <label class="choice"><input type="checkbox" checked=${link} onChange=${() => setLink(!link)} /><span>${_("Links in the place of copies")}<small>${_("They take no room. A link is the same photo: changed, both change.")}</small></span></label>
    <p class="buttons"><button type="button" class=${made ? "" : "main"} disabled=${busy} onClick=${sort}>${_("Make folders of people")}</button>
      ${onLearn && html`<button type="button" onClick=${onLearn}>${_("Let the library's recogniser learn")}</button>`}
      ${made && html`<a class="button main" href=${`#/training/${encodeURIComponent(made)}`}>${_("Train")}</a>`}</p><${Fault} error=${error} /></section>`;
}
