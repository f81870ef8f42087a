/**
 * One face, from near: who it is and how sure, who else it may be, which enrolled photos are nearest, and what to do when it is wrong.
 */
import { html, useState } from "./html.js";
import { get, photoUrl, post } from "./api.js";
import { FaceCrop, nameOf } from "./faces.js";
import { Anyway, Dialog, useAction, useLoaded } from "./parts.js";
import { _, sureness, visible } from "./texts.js";

export function FaceSheet({ photo, face, enrols, onDone, onClose }) {
  const [name, setName] = useState("");
  const [listed] = useLoaded(() => (enrols ? get("people") : Promise.resolve(null)), []);
  const [run, busy, error] = useAction();
  const people = listed?.people ?? [];
  const correct = (how, more = {}) => run(async () => onDone(await post(`identify/${how}`, { id: photo.id, face: face.face, ...more })));
  const [given, setGiven] = useState("");
  const give = (as, anyway = false) => {
    setGiven(as);
    correct("name", { name: as, anyway });
  };
  const submit = (event) => {
    event.preventDefault();
    give(name);
  };
  return html`<${Dialog} sheet title=${nameOf(face)} onClose=${onClose}>
    <div class="who"><${FaceCrop} id=${photo.id} box=${face.box} width=${photo.width} height=${photo.height} label=${_("The face")} />
      <ul class="candidates"><${Candidate} name=${face.name ?? _("Unknown")} share=${face.confidence} first />
        ${face.runner_up && html`<${Candidate} name=${face.runner_up} share=${face.runner_up_confidence} />`}</ul></div>
    ${face.given_to_better && html`<p class="muted">${_("Another face in this photo looks more like {name}.", { name: face.runner_up ?? "" })}</p>`}
    ${face.nearest?.length > 0 && html`<h3>${_("Nearest enrolled photos")}</h3><ul class="nearest">${face.nearest.map((near, n) => html`<li key=${n}>
      ${near.thumbnail ? html`<img src=${photoUrl(near.path)} alt="" width="72" height="72" />` : html`<div class="none" />`}
      <span><bdi>${visible(near.person)}</bdi><small>${_("distance {distance}", { distance: near.distance.toFixed(2) })}</small></span></li>`)}</ul>`}
    ${enrols ? html`<form class="naming" onSubmit=${submit}><label>${_("Who is it really?")}
        <input list="sheet-people" required maxlength="200" value=${name} onInput=${(event) => setName(event.target.value)} /></label>
      <datalist id="sheet-people">${people.map((person) => html`<option key=${person.name} value=${person.name} />`)}</datalist>
      <button class="main" disabled=${busy}>${_("Name this face")}</button></form>
      <p class="buttons">
        ${face.name !== null && html`<button type="button" disabled=${busy} onClick=${() => give(face.name)}>${_("Yes, {name}", { name: face.name })}</button>
        <button type="button" disabled=${busy} onClick=${() => correct("not", { name: face.name })}>${_("Not {name}", { name: face.name })}</button>`}
        <button type="button" disabled=${busy} onClick=${() => correct("nobody")}>${_("Nobody I know")}</button></p>`
      : html`<p class="muted">${_("This recogniser learns new names by training again.")}</p>`}
    <${Anyway} ...${{ error, busy }} onAnyway=${() => give(given, true)} /><//>`;
}

function Candidate({ name, share, first = false }) {
  return html`<li class=${first ? "first" : ""}><span><bdi>${visible(name)}</bdi> <b>${sureness(share)}</b></span><i class="share" style=${{ "--share": String(share ?? 0) }} /></li>`;
}
