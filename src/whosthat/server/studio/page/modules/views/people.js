/**
 * People: whom the open recogniser knows; adding, renaming and removing them.
 */
import { html, useRef, useState } from "../html.js";
import { get, photoUrl, post, send } from "../api.js";
import { chosen } from "../folders.js";
import { Anyway, Dialog, Fault, Heading, photosText, useAction, useLoaded, Waiting } from "../parts.js";
import { NothingOpen } from "../opening.js";
import { _, visible } from "../texts.js";

export function PeopleView({ state, refresh, tell }) {
  const [listed, error, reload] = useLoaded(() => (state.open ? get("people") : Promise.resolve(null)), [state.open?.name]);
  const [editing, setEditing] = useState(null);
  if (!state.open) return html`<${Heading}>${_("People")}<//><${NothingOpen} ...${{ state, refresh }} />`;
  const done = (answer) => {
    setEditing(null);
    tell(answer.sentence);
    reload();
  };
  const rename = async (new_name) => done(await post("people", { action: "rename", name: editing.person.name, new_name }));
  const people = listed?.people;
  const { enrols } = state.open;
  return html`<${Heading} lead=${_("Whom {run} knows.", { run: state.open.name })}>${_("People")}<//>
    <${Fault} error=${error} />${!people && !error && html`<${Waiting} />`}
    ${!enrols && html`<p class="muted">${_("This recogniser learns new names by training again.")}</p>`}
    ${people && html`<ul class="cards people">${people.map((person) => html`<li key=${person.name} class="card">
      <div class="looks">${person.looks.slice(0, 4).map((photo) => html`<img key=${photo} src=${photoUrl(photo)} alt="" width="64" height="64" loading="lazy" />`)}</div>
      <b><bdi>${visible(person.name)}</bdi></b>${enrols && html`<span class="muted">${photosText(person.photos)}</span>`}
      ${enrols && html`<span class="buttons"><button type="button" onClick=${() => setEditing({ person, what: "rename" })}>${_("Rename")}<span class="hidden"> ${person.name}</span></button>
        <button type="button" onClick=${() => setEditing({ person, what: "remove" })}>${_("Remove")}<span class="hidden"> ${person.name}</span></button></span>`}</li>`)}</ul>`}
    ${enrols && people && html`<${Add} people=${people} onDone=${done} />`}
    ${editing?.what === "rename" && html`<${Rename} name=${editing.person.name} onRename=${rename} onClose=${() => setEditing(null)} />`}
    ${editing?.what === "remove" && html`<${Remove} name=${editing.person.name} onDone=${done} onClose=${() => setEditing(null)} />`}`;
}

function Add({ people, onDone }) {
  const [name, setName] = useState("");
  const photos = useRef(null);
  const [run, busy, error] = useAction();
  const add = (anyway) => run(async () => {
    onDone(await send("people/photos", chosen(photos.current.files), { name, anyway }));
    setName("");
    photos.current.value = "";
  });
  const submit = (event) => {
    event.preventDefault();
    add(false);
  };
  return html`<form class="form" onSubmit=${submit}><h2>${_("Add a person, or more photos of one")}</h2>
    <label>${_("Name")}<input list="known" required maxlength="200" value=${name} onInput=${(event) => setName(event.target.value)} /></label>
    <datalist id="known">${people.map((person) => html`<option key=${person.name} value=${person.name} />`)}</datalist>
    <label>${_("Photos of this person")}<input ref=${photos} type="file" accept="image/*" multiple required /></label>
    <p class="buttons"><button class="main" disabled=${busy}>${_("Add these photos")}</button></p><${Anyway} ...${{ error, busy }} onAnyway=${() => add(true)} /></form>`;
}

/** Somebody's new name; `onRename` hears it, and whether to make one person of two where somebody else has it. */
export function Rename({ name, onRename, onClose }) {
  const [to, setTo] = useState(name);
  const [run, busy, error] = useAction();
  const rename = (event) => {
    event.preventDefault();
    run(() => onRename(to.trim(), false));
  };
  return html`<${Dialog} title=${_("Rename {name}", { name })} onClose=${onClose}><form onSubmit=${rename}>
    <label>${_("New name")}<input required maxlength="200" value=${to} onInput=${(event) => setTo(event.target.value)} /></label>
    <p class="buttons"><button class="main" disabled=${busy || to.trim() === name}>${_("Rename")}</button></p><${Anyway} ...${{ error, busy }} onAnyway=${() => run(() => onRename(to.trim(), true))} /></form><//>`;
}

function Remove({ name, onDone, onClose }) {
  const [run, busy, error] = useAction();
  const remove = () => run(async () => onDone(await post("people", { action: "remove", name })));
  return html`<${Dialog} title=${_("Remove {name}?", { name })} onClose=${onClose}>
    <p>${_("What the recogniser knows of {name} is erased, and cannot be brought back. The photos stay where they are.", { name })}</p>
    <p class="buttons"><button type="button" class="danger" disabled=${busy} onClick=${remove}>${_("Remove")}</button></p><${Fault} error=${error} /><//>`;
}
