/**
 * The camera: pictures of this moment are asked about one after the other, as fast as the answers come. Nothing is kept until somebody asks for it.
 */
import { html, useEffect, useRef, useState } from "./html.js";
import { send } from "./api.js";
import { nameOf, place } from "./faces.js";
import { Fault } from "./parts.js";
import { _, sureness, visible } from "./texts.js";

/** The longest side of a picture that is sent. */
const SIDE = 960;

export function Camera({ onClose, onKeep }) {
  const video = useRef(null);
  const [answer, setAnswer] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    let running = true;
    let stream = null;
    const look = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
      if (!running) return;
      video.current.srcObject = stream;
      await video.current.play();
      while (running) {
        const { photos } = await send("identify", [await still(video.current)], {}, { keep: false });
        if (running) setAnswer(photos[0]);
      }
    };
    const stop = () => stream?.getTracks().forEach((track) => track.stop());
    look().catch((problem) => running && setError(said(problem))).finally(() => !running && stop());
    return () => {
      running = false;
      stop();
    };
  }, []);
  return html`<section class="camera" aria-labelledby="camera"><h2 id="camera">${_("Camera")}</h2>
    ${error ? html`<${Fault} error=${error} />` : html`<div class="stage"><video ref=${video} muted playsinline></video>
      ${answer?.faces.filter((face) => face.box).map((face) => html`<div key=${face.face} class=${`face ${face.name === null ? "unknown" : "known"}`} style=${place(face.box, answer)}>
        <span class="name"><bdi>${visible(nameOf(face))}</bdi>${face.name !== null && html` <small>${sureness(face.confidence)}</small>`}</span></div>`)}</div>
      <p aria-live="polite">${answer ? answer.faces.map(nameOf).join(", ") || _("No face was found.") : _("One moment ...")}</p>`}
    <p class="buttons">${!error && html`<button type="button" class="main" disabled=${!answer} onClick=${async () => onKeep(await still(video.current))}>${_("Keep this picture")}</button>`}
      <button type="button" onClick=${onClose}>${_("Close the camera")}</button></p></section>`;
}

/** What the camera shows now, as a file. */
async function still(video) {
  const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight, 1));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(video.videoWidth * scale));
  canvas.height = Math.max(1, Math.round(video.videoHeight * scale));
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  const file = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
  return { file, name: `${_("camera")}.jpg` };
}

/** Why there is no picture, in the reader's words; the browser's are English and its own. */
function said(problem) {
  if (problem.name === "NotFoundError") return new Error(_("There is no camera here."));
  if (problem.name === "NotAllowedError") return new Error(_("The browser does not let this page use the camera. Allow it beside the address."));
  if (problem.name === "NotReadableError") return new Error(_("Another program uses the camera."));
  return problem.name === "TypeError" ? new Error(_("This browser has no camera for pages.")) : problem;
}
