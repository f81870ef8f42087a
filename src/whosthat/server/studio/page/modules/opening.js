/**
 * What views show while no recogniser is open: the newest run is opened for the reader; where there is none, the way to one is shown.
 */
import { html, useEffect } from "./html.js";
import { post } from "./api.js";
import { Empty, Fault, useAction, Waiting } from "./parts.js";
import { _ } from "./texts.js";

export function NothingOpen({ state, refresh }) {
  const [run, , error] = useAction();
  const newest = state.runs.find(({ finished }) => finished)?.name;
  useEffect(() => {
    if (newest) run(async () => {
      await post(`runs/${newest}/open`);
      await refresh();
    });
  }, [newest]);
  if (newest && !error) return html`<${Waiting} />`;
  return html`<${Empty} title=${_("There is no recogniser yet.")}><p class="buttons"><a class="button main" href="#/photos">${_("Bring photos")}</a>
    <a class="button" href="#/training">${_("Train")}</a></p><//><${Fault} error=${error} />`;
}
