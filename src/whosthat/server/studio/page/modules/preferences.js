/**
 * What belongs to this browser alone: the theme. The language belongs to the server, whose sentences speak it too.
 */

/** "" follows the system; "light" and "dark" do not. */
export const theme = () => localStorage.getItem("theme") ?? "";

/** Change the theme, and remember it. */
export function setTheme(value) {
  localStorage.setItem("theme", value);
  document.documentElement.dataset.theme = value;
}
