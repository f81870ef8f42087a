/**
 * What the page asks of the server: JSON below /studio/api/, files as forms, the events of a job as they come.
 *
 * Every answer that is no success becomes an `ApiError` whose message is a sentence for the reader, in the page's language.
 */
import { _ } from "./texts.js";

const ROOT = "/studio/api/";
/** Of what is dropped, so many files and bytes go in one request: a form has limits, and progress wants to be seen. */
const FILES_AT_ONCE = 40;
const BYTES_AT_ONCE = 16 * 2 ** 20;

/** An answer that is no success; `code` is the server's word for it, `message` its sentence. */
export class ApiError extends Error {
  constructor(message, code, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(ROOT + path, options);
  } catch {
    throw new ApiError(_("whosthat does not answer. Is it still running?"), "gone", 0);
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok) return body;
  const said = body?.error;
  throw new ApiError(said?.message ?? _("That did not work (answer {status}).", { status: answer.status }), said?.code ?? "", answer.status);
}

/** Encode a path's parts, and leave its slashes. */
const segments = (path) => path.split("/").map(encodeURIComponent).join("/");

const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
};

/** Ask for `path`, whose parts may hold anything, with the values as its query. */
export const get = (path, values = {}) => ask(segments(path) + query(values));

/** Tell the server to do something; the header is one that no other site can send. */
export const post = (path, body = {}) =>
  ask(segments(path), { method: "POST", headers: { "X-Whosthat": "1", "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** Send files, and the values beside them, as one form. Each file is `{file, name}`; `asked` is the address's query. */
export function send(path, files, values = {}, asked = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) form.append(name, value);
  for (const { file, name } of files) form.append("photos", file, name);
  return ask(segments(path) + query(asked), { method: "POST", headers: { "X-Whosthat": "1" }, body: form });
}

/**
 * Send a folder, some files at a time. The server says with the first ones what the new folder is called; the others go there too.
 * @param {string} name what the folder should be called
 * @param {(done: number, total: number) => void} onProgress called after each request
 * @returns {Promise<{folder: string, kept: number, refused: {name: string, reason: string}[]}>}
 */
export async function sendFolder(name, files, onProgress = () => {}) {
  const all = { folder: name, kept: 0, refused: [] };
  let at = 0;
  while (at < files.length) {
    let end = at;
    let bytes = 0;
    while (end < files.length && end - at < FILES_AT_ONCE && (end === at || bytes + files[end].file.size <= BYTES_AT_ONCE)) {
      bytes += files[end].file.size;
      end += 1;
    }
    const { folder, kept, refused } = await send(`uploads/${all.folder}`, files.slice(at, end));
    Object.assign(all, { folder, kept: all.kept + kept, refused: [...all.refused, ...refused] });
    at = end;
    onProgress(at, files.length);
  }
  return all;
}

/** The address of a small copy of a photo below the studio's folder; sizes are 160, 480 and 1600 pixels. */
export const photoUrl = (path, size = 160) => `${ROOT}photo${query({ path, size })}`;

/** The address of a small picture of what is in a box of such a photo. */
export const boxUrl = (path, box) => `${ROOT}photo${query({ path, box })}`;

/** The address of a photo that was asked about. */
export const pictureUrl = (id, size = 1600) => `${ROOT}identified/${encodeURIComponent(id)}${query({ size })}`;

/** The address of a picture of a face that was followed in a video. */
export const trackUrl = (id) => `${ROOT}pictures/${encodeURIComponent(id)}`;

/** The address of a run's report. */
export const reportUrl = (run) => `${ROOT}${segments(`runs/${run}/report`)}`;

const EVENTS = ["say", "step", "result", "run", "epoch", "end"];

/**
 * Listen to a job from its beginning. The browser comes back by itself after a lost connection, and says what it heard last.
 * @param {(name: string, data: object) => void} onEvent
 * @returns {() => void} stops listening
 */
export function listen(job, onEvent) {
  const source = new EventSource(`${ROOT}jobs/${encodeURIComponent(job)}/events`);
  for (const name of EVENTS) {
    source.addEventListener(name, (event) => {
      if (name === "end") source.close();
      onEvent(name, JSON.parse(event.data));
    });
  }
  source.onerror = () => {
    // The browser tries again by itself, but not where the server has forgotten this session or this job.
    if (source.readyState === EventSource.CLOSED) onEvent("end", { state: "failed", message: _("whosthat does not answer. Is it still running?") });
  };
  return () => source.close();
}
