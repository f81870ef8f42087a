/**
 * Who is it?: photos in, names out; a click on a face corrects it. Videos and the camera are in video.js and camera.js.
 *
 * The server keeps what was asked about while it runs, so that it is there again after a look at another view, or when the page is loaded again.
 */
import { html, useEffect, useState } from "../html.js";
import { get, pictureUrl, post, send } from "../api.js";
import { Camera } from "../camera.js";
import { FaceSheet } from "../face_sheet.js";
import { FaceCrop, Picture } from "../faces.js";
import { pasted } from "../folders.js";
import { NothingOpen } from "../opening.js";
import { Anyway, Bar, DropZone, Fault, Heading, NameForm, useAction, useLoaded } from "../parts.js";
import { _, ngettext } from "../texts.js";
import { Appearances, isVideo, VideoButton } from "../video.js";

/** So many photos are asked about at a time, so that the first answers are soon there. */
const AT_ONCE = 8;

export function WhoView(props) {
  if (!props.state.open) {
    return html`<${Heading}>${_("Who is it?")}<//><${NothingOpen} state=${props.state} refresh=${props.refresh} />`;
  }
  return html`<${Asking} key=${props.state.open.name} ...${props} />`;
}

function Asking({ state, seen, refresh, tell }) {
  const [photos, setPhotos] = useState([]);
  const [progress, setProgress] = useState(null);
  const [chosenFace, choose] = useState(null);
  const [watching, setWatching] = useState(false);
  const [turn, setTurn] = useState(0);
  const [run, busy, error] = useAction();
  /** Change the list of photos; the groups of unknown faces are asked for again. */
  const keep = (change) => {
    setPhotos(change);
    setTurn((now) => now + 1);
  };
  /** New answers take the places of the old ones. */
  const renew = (answers) => keep((before) => before.map((photo) => answers.find((one) => one.id === photo.id) ?? photo));
  useEffect(() => {
    run(async () => {
      const { photos: shown } = await get("shown");
      if (shown.length) keep((before) => [...before, ...shown.reverse().filter(({ id }) => !before.some((one) => one.id === id))]);
    });
  }, []);
  const ask = (given) => run(async () => {
    const [video, another] = given.filter(isVideo);
    const files = given.filter((one) => !isVideo(one));
    if (video) {
      await send("identify/video", [video]);
      if (another) tell(_("One video at a time: {name} is looked at.", { name: video.name }));
      await refresh();
    }
    try {
      for (let at = 0; at < files.length; at += AT_ONCE) {
        setProgress([at, files.length]);
        const answer = await send("identify", files.slice(at, at + AT_ONCE));
        keep((before) => [...answer.photos, ...before]);
      }
    } finally {
      setProgress(null);
    }
  });
  useEffect(() => {
    const paste = (event) => {
      const files = pasted(event.clipboardData);
      if (files.length) ask(files);
    };
    addEventListener("paste", paste);
    return () => removeEventListener("paste", paste);
  }, []);
  const photo = chosenFace && photos.find((one) => one.id === chosenFace.id);
  const face = photo?.faces.find((one) => one.face === chosenFace.face);
  const clear = () => run(async () => {
    await post("shown/clear");
    keep([]);
  });
  const corrected = (answer) => {
    renew(answer.photos ?? []);
    choose(null);
    tell(answer.sentence);
  };
  return html`<${Heading} lead=${_("{run} answers.", { run: state.open.name })}>${_("Who is it?")}<//>
    <${DropZone} compact=${photos.length > 0} accept="image/*,.heic,.heif" title=${_("Drop photos or a video here, or paste a photo")} onFiles=${ask} more=${html`
      <button type="button" onClick=${() => setWatching(true)}>${_("Camera")}</button><${VideoButton} onFiles=${ask} />`} />
    ${state.job?.kind === "video" && html`<${Appearances} job=${state.job} seen=${seen} />`}
    ${progress && html`<${Bar} label=${_("Looking at the photos ...")} done=${progress[0]} total=${progress[1]} />`}
    <${Fault} error=${error} />
    ${watching && html`<${Camera} onClose=${() => setWatching(false)} onKeep=${(file) => { setWatching(false); ask([file]); }} />`}
    <div class="pictures" aria-busy=${String(busy)}>${photos.map((one, n) => html`<${Picture} key=${one.id ?? `${n} ${one.name}`} photo=${one} src=${one.id && pictureUrl(one.id)} onFace=${(which) => choose({ id: one.id, face: which.face })} />`)}</div>
    ${photos.length > 0 && html`<p class="buttons"><button type="button" class="quiet" onClick=${clear}>${_("Clear these photos")}</button></p>`}
    ${state.open.enrols && html`<${Groups} turn=${turn} shownPhotos=${photos} onDone=${corrected} />`}
    ${face && html`<${KnownFace} key=${`${photo.id} ${face.face}`} ...${{ photo, face, enrols: state.open.enrols, onDone: corrected }} onClose=${() => choose(null)} />`}`;
}

/** How the server calls what can be said of a face. */
const WAYS = { is: "name", is_not: "not", nobody: "nobody" };

function KnownFace({ photo, face, enrols, ...others }) {
  const [listed] = useLoaded(() => (enrols ? get("people") : Promise.resolve(null)), []);
  const say = (what, more) => post(`identify/${WAYS[what]}`, { id: photo.id, face: face.face, ...more });
  return html`<${FaceSheet} ...${{ photo, face, ...others }} src=${pictureUrl(photo.id, face.box ? 1600 : 480)} names=${(listed?.people ?? []).map(({ name }) => name)} onSay=${enrols ? say : null} />`;
}

/** Unknown faces that look alike, to be named together. */
function Groups({ turn, shownPhotos, onDone }) {
  const [groups, setGroups] = useState([]);
  useEffect(() => {
    if (!shownPhotos.length) {
      setGroups([]);
      return;
    }
    get("unknown").then((answer) => setGroups(answer.groups), () => setGroups([]));
  }, [turn]);
  if (!groups.length) return null;
  return html`<section aria-labelledby="unknown"><h2 id="unknown">${_("Who are these?")}</h2>
    <p class="muted">${_("Unknown faces, those that look alike together. A name is learnt at once.")}</p>
    <ul class="cards groups">${groups.map((group) => html`<${Group} key=${group.faces.map(({ id, face }) => `${id} ${face}`).join()} group=${group} onDone=${onDone} />`)}</ul></section>`;
}

function Group({ group, onDone }) {
  const [given, setGiven] = useState("");
  const [run, busy, error] = useAction();
  const give = (name, anyway) => {
    setGiven(name);
    run(async () => onDone(await post("unknown/name", { faces: group.faces.map(({ id, face }) => ({ id, face })), name, anyway })));
  };
  return html`<li class="card"><div class="looks">${group.faces.slice(0, 8).map(({ id, face, box, width, height }) => html`<${FaceCrop} key=${`${id} ${face}`} src=${pictureUrl(id)} ...${{ box, width, height }} />`)}</div>
    <span class="muted">${ngettext("{n} face", "{n:,} faces", group.faces.length)}</span>
    <${NameForm} value=${group.probably ?? ""} action=${_("Name them")} busy=${busy} onName=${(name) => give(name, false)} /><${Anyway} ...${{ error, busy }} onAnyway=${() => give(given, true)} /></li>`;
}
