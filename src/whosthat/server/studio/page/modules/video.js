/**
 * A video: sent to the server, which looks at its frames and says who is seen and when.
 */
import { Fragment, html, useRef } from "./html.js";
import { trackUrl } from "./api.js";
import { chosen } from "./folders.js";
import { Working } from "./jobs.js";
import { _, sureness, visible } from "./texts.js";

/** Tell a video by what the system takes it for. */
export const isVideo = ({ file }) => file.type.startsWith("video/");

/** The button that takes a video, and gives it to `onFiles` as a drop does. What is found is shown by `Appearances`. */
export function VideoButton({ onFiles }) {
  const input = useRef(null);
  const choose = () => {
    onFiles(chosen(input.current.files));
    input.current.value = "";
  };
  return html`<${Fragment}><button type="button" onClick=${() => input.current.click()}>${_("Video")}</button>
    <input ref=${input} type="file" hidden accept="video/*" onChange=${choose} aria-hidden="true" tabindex="-1" /><//>`;
}

/** Who is seen in the last video, and when. */
export function Appearances({ job, seen }) {
  const found = seen.end?.result;
  return html`<section class="live" aria-labelledby="video"><h2 id="video"><bdi>${visible(job.folder)}</bdi></h2>
    ${!seen.end && html`<${Working} job=${job} seen=${seen} label=${_("Looking at the video ...")} />`}
    ${seen.end && !found && html`<p class="fault" role="alert">${seen.end.message}</p>`}
    ${found?.error && html`<p class="fault" role="alert">${found.error}</p>`}
    ${found && html`<p class="sentence">${found.sentence}</p>
      <ul class="cards">${found.tracks.map((track, n) => html`<li key=${n} class="card">
        <b><bdi>${visible(track.name ?? _("Unknown"))}</bdi></b><span class="muted">${track.name !== null ? `${sureness(track.confidence)} · ` : ""}${_("{start} to {end}", { start: clock(track.start), end: clock(track.end) })}</span></li>`)}</ul>
      <div class="frames">${found.pictures.map(({ id, name }) => html`<img key=${id} src=${trackUrl(id)} alt=${name} loading="lazy" />`)}</div>`}</section>`;
}

/** Seconds as minutes and seconds. */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
