/**
 * A photo with its faces: a box and a name on each, drawn over the picture as buttons, so that the keyboard reaches them too.
 *
 * One Tab stop a photo; the arrow keys go from face to face, Home and End to the first and the last (the "roving focus" of toolbars).
 */
import { html, useRef, useState } from "./html.js";
import { _, N_, ngettext, sureness, visible } from "./texts.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** What stands on a face without a name of which somebody said something. */
const SAID = { fact: N_("Nobody I know"), no_face: N_("Not a face") };

/** What a face is called where it has a name or not; a library also tells why. */
export const nameOf = (face) => face.name ?? (face.why in SAID ? _(SAID[face.why]) : _("Unknown"));

/** How sure a name is, where anybody measured that. */
const sure = (face) => (face.name === null || face.confidence === null ? "" : sureness(face.confidence));

/** What a button on a face says aloud. */
function spoken(face) {
  if (nameOf(face) === _("Unknown")) return _("Unknown face. Open.");
  return sure(face) ? _("{name}, {confidence}. Open.", { name: face.name, confidence: sure(face) }) : _("{name}. Open.", { name: nameOf(face) });
}

/** What stands below a photo: how many faces, or its one answer, or why there is none. */
function caption(photo) {
  if (photo.error) return photo.error;
  if (!photo.faces.length) return _("No face was found.");
  const unknown = photo.faces.filter((face) => nameOf(face) === _("Unknown")).length;
  const faces = ngettext("{n} face", "{n:,} faces", photo.faces.length);
  return unknown ? `${faces} · ${_("{n} unknown", { n: unknown })}` : faces;
}

/** Go from one of a row of buttons to the next, by the arrow keys; Home and End are the ends. */
export function walk(event, at, buttons) {
  const last = buttons.length - 1;
  const to = event.key === "Home" ? 0 : event.key === "End" ? last : event.key in STEPS ? at + STEPS[event.key] : null;
  if (to === null) return;
  event.preventDefault();
  buttons[Math.min(Math.max(to, 0), last)]?.focus();
}

/** A photo with what is known of its faces; `src` is its picture, `onFace(face)` opens one of them. */
export function Picture({ photo, src, onFace }) {
  const boxed = photo.faces.filter((face) => face.box);
  const [active, setActive] = useState(0);
  const buttons = useRef([]);
  return html`<figure class="picture">
    <div class="stage" role="group" aria-label=${_("Faces in {photo}", { photo: photo.name })}>
      ${!src ? html`<div class="none" />` : html`<img src=${src} alt=${photo.name} width=${photo.width} height=${photo.height} />`}
      ${boxed.map((face, at) => html`<button key=${face.face} type="button" ref=${(button) => { buttons.current[at] = button; }}
          class=${`face ${face.name === null ? "unknown" : "known"} ${face.box[3] > 0.86 * photo.height ? "low" : ""}`} style=${place(face.box, photo)}
          tabindex=${at === Math.min(active, boxed.length - 1) ? 0 : -1} aria-label=${spoken(face)} onFocus=${() => setActive(at)} onKeyDown=${(event) => walk(event, at, buttons.current.slice(0, boxed.length))} onClick=${() => onFace(face)}>
        <span class="name"><bdi>${visible(nameOf(face))}</bdi>${sure(face) && html` <small>${sure(face)}</small>`}</span>
      </button>`)}
    </div>
    <figcaption><span class="file"><bdi>${visible(photo.name)}</bdi></span>
      ${photo.faces.filter((face) => !face.box).map((face) => html`<button key=${face.face} type="button" class="answer" onClick=${() => onFace(face)}><bdi>${visible(nameOf(face))}</bdi> <small>${sureness(face.confidence)}</small></button>`)}
      ${boxed.length || !photo.faces.length ? html`<span class="muted">${caption(photo)}</span>` : null}</figcaption>
  </figure>`;
}

/** Where a box lies on its picture, in parts of a hundred: it holds at any size. */
export function place([left, top, right, bottom], { width, height }) {
  const part = (value, whole) => `${(100 * value) / whole}%`;
  return { left: part(left, width), top: part(top, height), width: part(right - left, width), height: part(bottom - top, height) };
}

/** The face alone, cut out of its photo by the browser, with a little of what is around it. */
export function FaceCrop({ src, box, width, height, label = "" }) {
  if (!box) return html`<img class="crop" src=${src} alt=${label} />`;
  const [left, top, right, bottom] = box;
  const side = 1.3 * Math.max(right - left, bottom - top);
  const view = [(left + right - side) / 2, (top + bottom - side) / 2, side, side].join(" ");
  const words = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return html`<svg class="crop" viewBox=${view} ...${words}><image href=${src} width=${width} height=${height} /></svg>`;
}
