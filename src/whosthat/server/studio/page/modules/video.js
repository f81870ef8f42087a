/**
 * A video: sent to the server, which looks at its frames and says who is seen and when.
 */
import { Fragment, html, useRef } from "./html.js";
import { send } from "./api.js";
import { _ } from "./texts.js";

/** The button that takes a video. What is found is shown by `Appearances`. */
export function Video({ run, refresh }) {
  const input = useRef(null);
  const choose = () => run(async () => {
    const [file] = input.current.files;
    input.current.value = "";
    if (!file) return;
    await send("identify/video", [{ file, name: file.name }], {}, "video");
    await refresh();
  });
  return html`<${Fragment}><button type="button" onClick=${() => input.current.click()}>${_("Video")}</button>
    <input ref=${input} type="file" hidden accept="video/*" onChange=${choose} aria-hidden="true" tabindex="-1" /><//>`;
}
