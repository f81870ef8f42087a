// What the pages can do beyond being read: photos open large, tables sort and filter, charts show their values, commands copy.
//
// It stands inside each page, whose content security policy lets exactly this text run, known by its hash. Everything on a page is there
// without it: this file adds controls and takes nothing away, so a page that is printed, or opened where scripts are off, loses none of
// its content. Elements are made one by one and texts are set as text, never as markup: names of files and people are strangers' words.
"use strict";
(() => {
  const words = document.body.dataset; // the words of the controls, in the language of the page

  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name].toLocaleString("en"));

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  const button = (label, act) => {
    const made = element("button", { type: "button", className: "tool", textContent: label });
    made.addEventListener("click", act);
    return made;
  };

  // --- Photos -------------------------------------------------------------------------------------------------------------------------
  // The dialog is the browser's own: it keeps the focus inside, closes with Esc and gives the focus back to the photo.

  function photos() {
    // A photo that opens in its place without a script is the summary of a details element; its pictures belong together.
    const openers = [...document.querySelectorAll(".photos summary, .photos img, .classes img")].filter(
      (one) => one.matches("summary") || !one.closest("summary"),
    );
    if (!openers.length) return;
    let place = 0;
    const pictures = element("div", { className: "pictures" });
    const caption = element("div", { className: "caption" });
    const counter = element("span", { className: "muted" });
    const earlier = button(words.earlier, () => show(place - 1));
    const later = button(words.later, () => show(place + 1));
    const close = button(words.close, () => dialog.close());
    const dialog = element(
      "dialog",
      { className: "lightbox", ariaLabel: words.photo },
      pictures,
      element("footer", {}, caption, element("div", { className: "tools" }, counter, earlier, later, close)),
    );
    document.body.append(dialog);

    function show(wanted) {
      place = Math.min(Math.max(wanted, 0), openers.length - 1);
      const opener = openers[place];
      const images = opener.matches("img") ? [opener] : [...opener.querySelectorAll("img")];
      pictures.replaceChildren(...images.map((one) => element("img", { src: one.src, alt: one.alt })));
      const told = opener.closest("figure")?.querySelector("figcaption");
      caption.replaceChildren(...(told ? told.cloneNode(true).childNodes : [images[0].alt]));
      counter.textContent = filled(words.place, { place: place + 1, n: openers.length });
      earlier.disabled = place === 0;
      later.disabled = place === openers.length - 1;
    }

    function open(index) {
      show(index);
      dialog.showModal();
      close.focus();
    }

    openers.forEach((opener, index) => {
      opener.setAttribute("aria-haspopup", "dialog");
      if (opener.matches("img")) {
        opener.tabIndex = 0;
        opener.setAttribute("role", "button");
        opener.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault(); // the space bar would scroll the page
          open(index);
        });
      }
      opener.addEventListener("click", (event) => {
        event.preventDefault(); // the details element stays closed
        open(index);
      });
    });
    dialog.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) show(place + step);
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest(".pictures")) dialog.close();
    });
    dialog.addEventListener("close", () => openers[place].focus());
  }

  // --- Tables -------------------------------------------------------------------------------------------------------------------------

  // "1,680", "92.4 %" and "12 of 20" sort by their number; a cell says in data-value what its text cannot, such as "2 min 5 s".
  const number = (cell) => Number.parseFloat((cell.dataset.value ?? cell.textContent).replace(/,(?=\d{3})/g, ""));

  function table(found) {
    const body = found.tBodies[0];
    const rows = [...body.rows];
    const few = Number(found.dataset.rows); // so many are shown at first; 0 for all
    const texts = rows.map((row) => row.textContent.toLowerCase());
    let order = rows.map((_row, index) => index);
    let all = !few;
    let query = "";

    function show() {
      const matching = order.filter((index) => texts[index].includes(query));
      const shown = new Set(all || query ? matching : matching.slice(0, few));
      body.append(...order.map((index) => rows[index]));
      rows.forEach((row, index) => (row.hidden = !shown.has(index)));
      count.textContent = filled(words.rows, { shown: shown.size, n: rows.length });
    }

    function sort(column, head) {
      const cells = rows.map((row) => row.cells[column]);
      const numbers = cells.map(number);
      // Cells that hold no number, such as "-", come last whichever way; a column without any is sorted as words.
      const counts = numbers.filter(Number.isFinite).length * 2 > numbers.length;
      const before = head.getAttribute("aria-sort");
      const up = before ? before === "descending" : !counts; // of numbers, the largest first
      const compare = counts
        ? (a, b) => (up ? numbers[a] - numbers[b] : numbers[b] - numbers[a]) || a - b
        : (a, b) => (up ? 1 : -1) * collator.compare(cells[a].textContent, cells[b].textContent) || a - b;
      const last = (index) => counts && !Number.isFinite(numbers[index]);
      order = rows.map((_row, index) => index).sort((a, b) => last(a) - last(b) || (last(a) ? a - b : compare(a, b)));
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      show();
    }

    for (const head of found.tHead.rows[0].querySelectorAll("th")) {
      const column = head.cellIndex;
      const act = button(head.textContent.trim(), () => sort(column, head));
      act.className = "sort";
      head.replaceChildren(act);
    }
    const count = element("span", { className: "muted", role: "status" });
    const tools = element("div", { className: "tools" });
    if (rows.length > 8) {
      const input = element("input", { type: "search", autocomplete: "off", spellcheck: false });
      input.addEventListener("input", () => {
        query = input.value.trim().toLowerCase();
        show();
      });
      tools.append(element("label", {}, element("span", { textContent: words.filter }), input), count);
    }
    if (few && rows.length > few) {
      const more = button(words.all, () => {
        all = !all;
        more.textContent = all ? filled(words.few, { n: few }) : words.all;
        show();
      });
      tools.append(more);
    }
    (found.closest(".scroll") ?? found).before(tools);
    show();
  }

  // --- Charts -------------------------------------------------------------------------------------------------------------------------
  // Without a script the browser shows the title of the strip under the pointer; here the nearest values come at once, and by keyboard.

  function chart(svg) {
    const strips = [...svg.querySelectorAll(".at")];
    if (!strips.length) return;
    const values = strips.map((strip) => ({ x: Number(strip.dataset.x), words: strip.textContent }));
    strips.forEach((strip) => strip.remove());
    const width = svg.viewBox.baseVal.width;
    const hair = svg.querySelector(".hair");
    const tip = element("div", { className: "tip", role: "status" });
    let place = -1;
    svg.parentElement.append(tip);
    svg.tabIndex = 0;

    function show(wanted) {
      place = Math.min(Math.max(wanted, 0), values.length - 1);
      const { x, words: told } = values[place];
      hair.setAttribute("transform", `translate(${x})`);
      hair.style.visibility = "visible";
      tip.textContent = told;
      const left = x < width / 2;
      tip.style.left = left ? `${(100 * x) / width + 1}%` : "";
      tip.style.right = left ? "" : `${101 - (100 * x) / width}%`;
      tip.classList.add("shown");
    }

    function hide() {
      hair.style.visibility = "hidden";
      tip.classList.remove("shown");
    }

    const follow = (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) * width) / box.width;
      const away = values.map((one) => Math.abs(one.x - x));
      show(away.indexOf(Math.min(...away)));
    };
    svg.addEventListener("pointermove", follow);
    svg.addEventListener("pointerdown", follow);
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", (event) => {
      const last = values.length - 1;
      const wanted = { ArrowLeft: place < 0 ? last : place - 1, ArrowRight: place + 1, Home: 0, End: last }[event.key];
      if (event.key === "Escape") hide();
      if (wanted === undefined) return;
      event.preventDefault(); // the page would scroll
      show(wanted);
    });
  }

  // --- Commands -----------------------------------------------------------------------------------------------------------------------

  function command(block) {
    const copy = button(words.copy, async () => {
      copy.textContent = (await copied(block)) ? words.copied : words.marked;
      setTimeout(() => (copy.textContent = words.copy), 2000);
    });
    const frame = element("div", { className: "command" });
    block.replaceWith(frame);
    frame.append(block, copy);
  }

  async function copied(block) {
    try {
      await navigator.clipboard.writeText(block.textContent);
      return true;
    } catch {
      // A sandboxed frame has no clipboard of its own: the text is marked, and copied as if by hand.
      getSelection().selectAllChildren(block);
      return document.execCommand("copy");
    }
  }

  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  photos();
  document.querySelectorAll("table[data-rows]").forEach(table);
  document.querySelectorAll("svg.chart").forEach(chart);
  document.querySelectorAll("pre").forEach(command);
})();
