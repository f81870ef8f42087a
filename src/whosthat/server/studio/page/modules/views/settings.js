/**
 * Settings: the language, the theme, and the threshold of the recogniser that answers.
 */
import { html, useState } from "../html.js";
import { get, post } from "../api.js";
import { Facts, Fault, Heading, useAction, useLoaded, Waiting } from "../parts.js";
import { _, N_ } from "../texts.js";
import { Threshold } from "./result.js";

/** The theme belongs to this browser, and "" follows the system; the language belongs to the server, whose sentences speak it too. */
const THEMES = [["", N_("As the system")], ["light", N_("Light")], ["dark", N_("Dark")]];

export function SettingsView({ state, speak, refresh }) {
  const [shown, setShown] = useState(localStorage.getItem("theme") ?? "");
  const [run, busy, error] = useAction();
  const change = (language) => run(async () => {
    await post("language", { lang: language });
    await speak(language);
  });
  const wear = (value) => {
    localStorage.setItem("theme", value);
    document.documentElement.dataset.theme = value;
    setShown(value);
  };
  return html`<${Heading}>${_("Settings")}<//>
    <div class="pair">
      <fieldset><legend>${_("Language")}</legend><div class="choices">${Object.entries(state.languages).map(([code, name]) => html`<label class="choice" key=${code}>
        <input type="radio" name="language" value=${code} checked=${code === state.language} disabled=${busy} onChange=${() => change(code)} /><span lang=${code.replace("_", "-")}>${name}</span></label>`)}</div></fieldset>
      <fieldset><legend>${_("Theme")}</legend><div class="choices">${THEMES.map(([value, name]) => html`<label class="choice" key=${value}>
        <input type="radio" name="theme" value=${value} checked=${value === shown} onChange=${() => wear(value)} /><span>${_(name)}</span></label>`)}</div></fieldset>
    </div>
    <${Fault} error=${error} />
    ${state.open && html`<${OpenThreshold} key=${state.open.name} name=${state.open.name} refresh=${refresh} />`}
    <section aria-labelledby="about"><h2 id="about">${_("About")}</h2><${Facts} facts=${[{ label: "whosthat", value: state.version }, { label: _("Folder"), value: state.folder }]} /></section>`;
}

function OpenThreshold({ name, refresh }) {
  const [run, error] = useLoaded(() => get(`runs/${name}`), []);
  return html`<section aria-labelledby="threshold"><h2 id="threshold">${_("Threshold of {run}", { run: name })}</h2>
    <${Fault} error=${error} />${!run && !error && html`<${Waiting} />`}
    ${run && (run.threshold ? html`<${Threshold} name=${name} threshold=${run.threshold} refresh=${refresh} />` : html`<p>${_("This recogniser has no threshold.")}</p>`)}</section>`;
}
