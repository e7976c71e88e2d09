"use strict";
// The search and the choice of verdicts; and what is linked to is shown.  The page is whole without.
(() => {
  const form = document.getElementById("filter");
  if (form) {
    const words = document.getElementById("words");
    const shown = document.getElementById("shown");
    const others = new Map();  // a target's row, and what is wrong with it
    for (const part of document.querySelectorAll("[data-of]")) {
      const known = others.get(part.dataset.of) || [];
      others.set(part.dataset.of, [...known, part]);
    }
    const targets = Array.from(document.querySelectorAll("details.target"), (target) => {
      const parts = [target, ...(others.get(target.id) || [])];
      const text = parts.map((part) => part.textContent).join(" ").toLowerCase();
      return { parts, verdict: target.dataset.verdict, text };
    });
    const apply = () => {
      const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      const boxes = form.querySelectorAll("input[name=verdict]:checked");
      const verdicts = new Set(Array.from(boxes, (box) => box.value));
      let count = 0;
      for (const { parts, verdict, text } of targets) {
        const seen = verdicts.has(verdict) && asked.every((word) => text.includes(word));
        for (const part of parts) part.hidden = !seen;
        count += seen;
      }
      const wrong = document.getElementById("findings");
      if (wrong) wrong.parentElement.hidden = !wrong.parentElement.querySelector("article:not([hidden])");
      shown.textContent = `${count.toLocaleString("en")} of ${targets.length.toLocaleString("en")} shown`;
    };
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => {
      const typing = event.target === words;
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        words.focus();
      }
    });
    form.hidden = false;
    apply();
  }

  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let e = target; e; e = e.parentElement) e.hidden = false; // the search may have hidden it
    if (target instanceof HTMLDetailsElement) target.open = true;
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", open);
  open();
})();
