/**
 * One face, from near: who it is and how sure, who else it may be, which enrolled photos are nearest, and what to do when it is wrong.
 *
 * It serves the photos that are asked about as well as those of a library: what is said of the face goes to `onSay`.
 */
import { html, useState } from "./html.js";
import { photoUrl } from "./api.js";
import { FaceCrop, nameOf } from "./faces.js";
import { Anyway, Dialog, NameForm, useAction, Waiting } from "./parts.js";
import { _, sureness, visible } from "./texts.js";

/**
 * @param {string[]} names who is proposed while one writes a name
 * @param {((what: "is"|"is_not"|"nobody"|"no_face", more: object) => Promise<object>)|null} onSay null where no single face can be corrected
 * @param {boolean} noFace whether it can be said that it is none
 */
export function FaceSheet({ photo, src, face, names, noFace = false, onSay, onDone, onClose, children }) {
  const [run, busy, error] = useAction();
  const [given, setGiven] = useState("");
  const say = (what, more = {}) => run(async () => onDone(await onSay(what, more)));
  const give = (name, anyway = false) => {
    setGiven(name);
    say("is", { name, anyway });
  };
  return html`<${Dialog} look="sheet" title=${nameOf(face)} onClose=${onClose}>
    <div class="who"><${FaceCrop} src=${src} box=${face.box} width=${photo.width} height=${photo.height} label=${_("The face")} />
      <ul class="candidates"><${Candidate} name=${nameOf(face)} share=${face.confidence} note=${face.because && _("Because: {why}", { why: face.because })} first />
        ${face.runner_up && html`<${Candidate} name=${face.runner_up} share=${face.runner_up_confidence} />`}</ul></div>
    ${face.given_to_better && html`<p class="muted">${_("Another face in this photo looks more like {name}.", { name: face.runner_up ?? "" })}</p>`}
    ${face.nearest?.length > 0 && html`<h3>${_("Nearest enrolled photos")}</h3><ul class="nearest">${face.nearest.map((near, n) => html`<li key=${n}>
      ${near.thumbnail ? html`<img src=${photoUrl(near.path)} alt="" width="72" height="72" />` : html`<div class="none" />`}
      <span><bdi>${visible(near.person)}</bdi><small>${_("distance {distance}", { distance: near.distance.toFixed(2) })}</small></span></li>`)}</ul>`}
    ${onSay ? html`<h3>${_("Who is it really?")}</h3><${NameForm} main list="sheet-people" label=${_("Who is it really?")} action=${_("Name this face")} busy=${busy} onName=${give} />
      <datalist id="sheet-people">${names.map((name) => html`<option key=${name} value=${name} />`)}</datalist>
      <p class="buttons">
        ${face.name !== null && html`${face.why !== "fact" && html`<button type="button" disabled=${busy} onClick=${() => give(face.name)}>${_("Yes, {name}", { name: face.name })}</button>`}
        <button type="button" disabled=${busy} onClick=${() => say("is_not", { name: face.name })}>${_("Not {name}", { name: face.name })}</button>`}
        <button type="button" disabled=${busy} onClick=${() => say("nobody")}>${_("Nobody I know")}</button>
        ${noFace && html`<button type="button" disabled=${busy} onClick=${() => say("no_face")}>${_("Not a face")}</button>`}</p>`
      : html`<p class="muted">${_("This recogniser learns new names by training again.")}</p>`}
    ${children}${busy && html`<${Waiting} />`}
    <${Anyway} ...${{ error, busy }} onAnyway=${() => give(given, true)} /><//>`;
}

function Candidate({ name, share, note, first = false }) {
  return html`<li class=${first ? "first" : ""}><span><bdi>${visible(name)}</bdi> ${share !== null && html`<b>${sureness(share)}</b>`}</span>
    ${share !== null && html`<i class="share" style=${{ "--share": String(share ?? 0) }} />`}${note && html`<small>${note}</small>`}</li>`;
}
