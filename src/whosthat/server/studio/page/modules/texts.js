/**
 * Every text that people read: English in the code, `_("{n} of {total}", { n, total })`, and the server's dictionary for any other language.
 *
 * The texts are collected from here as those of Python are (babel.cfg), so each must stand in the code as a literal.
 */
let texts = {};

/** Speak the language of this dictionary from the next drawing on: `{english: translated}`, plural texts by their plural form. */
export function useTexts(dictionary) {
  texts = dictionary;
}

/** Return a text in the page's language, its places filled. */
export function _(english, values = {}) {
  return filled(texts[english] || english, values);
}

/** Return the text for a number of things, which is also the value of `{n}`. */
export function ngettext(one, many, n, values = {}) {
  return filled(texts[many] || (n === 1 ? one : many), { n, ...values });
}

/** Mark a text that is translated later, where it is shown. */
export const N_ = (english) => english;

/** `{n:,}` groups thousands, as Python does; both languages write numbers alike. */
function filled(text, values) {
  return text.replace(/\{(\w+)(:,)?\}/g, (place, name, grouped) =>
    name in values ? (grouped ? Number(values[name]).toLocaleString("en-US") : visible(values[name])) : place);
}

/** What is not seen but does something: ends a line, turns the order of letters around (as in whosthat.wording). */
const HIDDEN = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Return a name with an escape for every hidden character: names of files and people come from strangers. */
export const visible = (name) => String(name).replace(HIDDEN, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Return a share of 0 to 1 as people say it: "92.2 %". */
export function percent(share, digits = 0) {
  return `${(100 * share).toFixed(digits)} %`;
}

/** Return a confidence of 0 to 1: nothing is surer than "99 %". */
export const sureness = (confidence) => `${Math.min(99, Math.round(100 * (confidence ?? 0)))} %`;
