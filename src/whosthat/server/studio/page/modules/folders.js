/**
 * Files as they come from outside: dropped folders, folders and files that were chosen, what is pasted. All become `{file, name}`, with
 * the name relative to what was dropped.
 */

/** Return everything that was dropped, folders with all that is in them. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return chosen(transfer.files);
  return (await Promise.all(entries.map((entry) => walk(entry)))).flat();
}

/** Return the files of an `<input type="file">`. */
export const chosen = (files) => [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

/** Return the pictures of a paste; they have no names of their own. */
export const pasted = (transfer) =>
  [...transfer.files].filter((file) => file.type.startsWith("image/")).map((file) => ({ file, name: file.name || "pasted.png" }));

/**
 * Take the folder off that all files lie in.
 * @returns {[string, {file: File, name: string}[]]} its name, "" where they lie in several or in none, and the files by their names below it
 */
export function belowTop(files) {
  const tops = new Set(files.map(({ name }) => (name.includes("/") ? name.split("/")[0] : "")));
  const top = tops.size === 1 ? [...tops][0] : "";
  return [top, top ? files.map(({ file, name }) => ({ file, name: name.slice(top.length + 1) })) : files];
}

async function walk(entry, above = "") {
  const name = above + entry.name;
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), name }];
  const reader = entry.createReader();
  const inside = [];
  // A reader gives a hundred entries at a time, and then none.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.map((one) => walk(one, `${name}/`)))).flat();
}
