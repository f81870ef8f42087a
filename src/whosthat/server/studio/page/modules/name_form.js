/**
 * A name and a button: what every group of faces is named with.
 */
import { html, useState } from "./html.js";
import { _ } from "./texts.js";

/** `onName(name)` hears the name, which is never empty; `list` is the id of the names that are proposed while one writes. */
export function NameForm({ label, action, list, value = "", main = false, busy, onName }) {
  const [name, setName] = useState(value);
  const submit = (event) => {
    event.preventDefault();
    onName(name);
  };
  return html`<form class="naming" onSubmit=${submit}><label><span class="hidden">${label ?? _("Name")}</span><input type="text" required maxlength="200" autocomplete="off" list=${list} placeholder=${_("Name")} value=${name} onInput=${(event) => setName(event.target.value)} /></label>
    <button class=${main ? "main" : ""} disabled=${busy}>${action}</button></form>`;
}
