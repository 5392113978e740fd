// Cellwright: what a page does beyond showing itself. Everything works without it except scan capture.
//
// (1) Nothing is judged and nothing is kept here: a value is in the record when the server says so, not before.
// (2) A scanner types like a person, only faster; slower typing passes untouched, and passwords are never read.
// (3) Requests that the page makes by itself are marked and never count as somebody being there.
"use strict";

(() => {
  const POLLING = "X-Cellwright-Polling";
  const body = document.body;
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const isPassword = (element) => element instanceof HTMLInputElement && element.type === "password";
  const isEditable = (element) =>
    element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement;

  function say(words) {
    const spoken = document.getElementById("spoken");
    if (spoken) spoken.textContent = words;
  }

  // ---- What sticks at the top is as high as it is, so that focus never hides below it ----

  function measureHead() {
    const head = $(".head");
    if (!head || typeof ResizeObserver === "undefined") return;
    const strip = $(".identity-strip");
    const measure = () => {
      document.documentElement.style.setProperty("--head-height", `${head.offsetHeight}px`);
      if (strip) document.documentElement.style.setProperty("--strip-height", `${strip.offsetHeight}px`);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(head);
    if (strip) observer.observe(strip);
    measure();
  }

  // ---- Scan capture ----

  const FAST_MS = 35;
  const SHORTEST = 6;
  const SAME_CODE_MS = 2000;
  let typed = [];
  let last = { code: "", at: -Infinity };

  function onKey(event) {
    // A key held down repeats as fast as a scanner types.
    if (event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || isPassword(event.target)) {
      typed = [];
      return;
    }
    const now = event.timeStamp;
    if (typed.length && now - typed[typed.length - 1].at > FAST_MS) typed = [];
    if (event.key.length === 1) {
      typed.push({ key: event.key, at: now, into: event.target });
      return;
    }
    if ((event.key === "Enter" || event.key === "Tab") && typed.length >= SHORTEST) {
      const keys = typed;
      typed = [];
      // In the scan field a scan is an ordinary submission.
      if (event.target.id === "scan-code" && event.key === "Enter") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const code = keys.map((one) => one.key).join("");
      takeBack(keys);
      scanned(code, now);
      return;
    }
    if (event.key !== "Shift") typed = [];
  }

  // Removes the scanner's characters from the field that had focus, which keeps what a person typed there.
  function takeBack(keys) {
    const field = keys[0].into;
    if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) || field.readOnly) return;
    const code = keys.map((one) => one.key).join("");
    const at = field.selectionStart === null ? field.value.lastIndexOf(code) : field.selectionStart - code.length;
    if (at < 0 || field.value.slice(at, at + code.length) !== code) return;
    field.value = field.value.slice(0, at) + field.value.slice(at + code.length);
    if (field.selectionStart !== null) field.setSelectionRange(at, at);
  }

  // A scan goes to the open dialog, then to the page's own scan form, then to the field in the top bar.
  function scanned(code, at) {
    if (code === last.code && at - last.at < SAME_CODE_MS) return;
    last = { code, at };
    const form = $("dialog[open] form[data-scan]") || $("main form[data-scan]") || document.getElementById("scan-form");
    if (!form || form.dataset.refused) return;
    // A form for several codes takes one scan after the other and is sent with the last of them.
    const several = [...form.querySelectorAll("[data-code]")];
    const field = several.find((one) => !one.value) || several[several.length - 1] || form.elements.namedItem("code");
    if (!field) return;
    field.value = code;
    field.dataset.read = code;
    const how = form.elements.namedItem("entered");
    if (how && several.every((one) => one.dataset.read === one.value)) how.value = "scanned";
    say(`${body.dataset.scanned || ""} ${code}`);
    tone(880);
    if (several.every((one) => one.value)) form.requestSubmit();
    else several.find((one) => !one.value).focus();
  }

  let sound = null;
  function tone(pitch) {
    if (body.dataset.sounds !== "on" || typeof AudioContext === "undefined") return;
    sound = sound || new AudioContext();
    const source = sound.createOscillator();
    const volume = sound.createGain();
    volume.gain.value = 0.12;
    source.frequency.value = pitch;
    source.connect(volume).connect(sound.destination);
    source.start();
    source.stop(sound.currentTime + 0.12);
  }

  // ---- Keys ----

  function onShortcut(event) {
    if (event.key === "/" && !event.ctrlKey && !event.altKey && !event.metaKey && !isEditable(event.target)) {
      const field = document.getElementById("scan-code");
      if (!field || !body.classList.contains("device-side") || $("dialog[open]")) return;
      event.preventDefault();
      typed = [];
      field.focus();
      return;
    }
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
    const signing = event.target.closest(".signing form");
    if (event.target.hasAttribute("data-value") || (signing && !isPassword(event.target))) {
      event.preventDefault();
      nextField(event.target);
    }
  }

  // From a value to the next value of the page, also where each has a form of its own; elsewhere within the form.
  function nextField(field) {
    const values = field.hasAttribute("data-value") ? $$("main [data-value], main [data-entry]") : [];
    const inForm = () => $$("input:not([type=hidden]), select, textarea, button", field.form || document);
    const fields = (values.length > values.indexOf(field) + 1 ? values : inForm()).filter(
      (one) => !one.disabled && !one.readOnly && one.checkVisibility(),
    );
    const next = fields[fields.indexOf(field) + 1];
    if (next) next.focus();
    else field.blur();
  }

  // ---- Connection ----

  let lost = false;
  let probe = 0;

  function loseConnection() {
    if (lost) return;
    lost = true;
    const band = document.getElementById("connection-lost");
    if (band) band.hidden = false;
    freeze();
    probe = window.setInterval(askAgain, 5000);
  }

  function findConnection() {
    if (!lost) return;
    lost = false;
    window.clearInterval(probe);
    const band = document.getElementById("connection-lost");
    if (band) band.hidden = true;
    for (const element of $$("[data-frozen]")) {
      if (element.dataset.frozen === "readonly") element.readOnly = false;
      else element.disabled = false;
      delete element.dataset.frozen;
    }
  }

  function freeze() {
    for (const element of $$("main input, main textarea, main select, main button, #lock-form button")) {
      if (element.disabled || element.readOnly) continue;
      const words = element instanceof HTMLTextAreaElement ||
        (element instanceof HTMLInputElement && !["checkbox", "radio", "file", "submit", "button"].includes(element.type));
      if (words) element.readOnly = true;
      else element.disabled = true;
      element.dataset.frozen = words ? "readonly" : "disabled";
    }
  }

  async function askAgain() {
    try {
      await fetch(body.dataset.alive || "/", { method: "HEAD", headers: { [POLLING]: "1" }, cache: "no-store" });
      findConnection();
    } catch {
      // Still away; the next try is in five seconds.
    }
  }

  // ---- Idle lock ----

  const idleSeconds = Number(body.dataset.idleSeconds || 0);
  const WARN_SECONDS = 60;
  const AT_MOST_EVERY_MS = 60000;
  let seen = Date.now();
  let heardFrom = Date.now();
  let opener = null;

  async function tellThatSomebodyIsHere() {
    heardFrom = Date.now();
    try {
      const answer = await fetch(body.dataset.alive || "/", { method: "HEAD", cache: "no-store" });
      // A session that was locked meanwhile answers with its door; the whole page goes there.
      if (answer.redirected) window.location.reload();
    } catch {
      loseConnection();
    }
  }

  function somebodyActs(event) {
    const warning = document.getElementById("idle-warning");
    if (!event.isTrusted || (warning && warning.open)) return;
    seen = Date.now();
    // The server cannot see typing: it is told at most once a minute.
    if (!lost && seen - heardFrom > AT_MOST_EVERY_MS) tellThatSomebodyIsHere();
  }

  function watchIdle() {
    const warning = document.getElementById("idle-warning");
    if (!idleSeconds || !warning) return;
    for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, somebodyActs, { passive: true, capture: true });
    const stay = () => {
      seen = Date.now();
      if (warning.open) warning.close();
      tellThatSomebodyIsHere();
    };
    $("[data-stay]", warning).addEventListener("click", stay);
    warning.addEventListener("cancel", (event) => {
      event.preventDefault();
      stay();
    });
    warning.addEventListener("close", () => {
      if (opener instanceof HTMLElement) opener.focus();
    });
    window.setInterval(() => {
      const quiet = (Date.now() - seen) / 1000;
      if (quiet >= idleSeconds) {
        const form = document.getElementById("lock-form");
        if (form && !lost && !form.dataset.sent) {
          form.dataset.sent = "1";
          form.submit();
        }
      } else if (quiet >= Math.max(idleSeconds - WARN_SECONDS, idleSeconds / 2) && !warning.open) {
        opener = document.activeElement;
        warning.showModal();
      }
    }, 1000);
  }

  // ---- Values that are saved one by one ----

  const waiting = new Map();

  function stateOf(element) {
    const field = element instanceof Element ? element.closest(".field") : null;
    return field ? $(".field__state", field) : null;
  }

  // What is being saved: the element that asks, or the field in it that made it ask.
  function savedBy(detail) {
    if (stateOf(detail.elt)) return detail.elt;
    const cause = detail.requestConfig && detail.requestConfig.triggeringEvent;
    return cause && cause.target instanceof Element ? cause.target : detail.elt;
  }

  function show(state, name) {
    state.dataset.state = name;
    state.textContent = name === "saving" ? body.dataset.saving : body.dataset.notSaved;
  }

  function notSaved(element) {
    const state = stateOf(element);
    if (!state) return;
    show(state, "not-saved");
    element.setAttribute("aria-invalid", "true");
  }

  function settle(element) {
    for (const timer of waiting.get(element) || []) window.clearTimeout(timer);
    waiting.delete(element);
  }

  function isPolling(detail) {
    const trigger = detail.elt.getAttribute("hx-trigger") || "";
    return trigger.includes("every") && !detail.triggeringEvent;
  }

  function watchRequests() {
    document.addEventListener("htmx:configRequest", (event) => {
      if (isPolling(event.detail)) event.detail.headers[POLLING] = "1";
    });
    document.addEventListener("htmx:beforeRequest", (event) => {
      const { elt, requestConfig } = event.detail;
      const polling = requestConfig && requestConfig.headers[POLLING];
      if (polling) {
        // A list is not replaced under somebody's hands.
        const target = event.detail.target || elt;
        if (lost || (target.contains(document.activeElement) && document.activeElement !== target)) event.preventDefault();
        return;
      }
      heardFrom = seen = Date.now();
      const saved = savedBy(event.detail);
      const state = stateOf(saved);
      if (!state) return;
      settle(saved);
      waiting.set(saved, [
        window.setTimeout(() => show(state, "saving"), 1000),
        window.setTimeout(() => notSaved(saved), 5000),
      ]);
    });
    document.addEventListener("htmx:afterRequest", (event) => settle(savedBy(event.detail)));
    for (const kind of ["htmx:sendError", "htmx:timeout"]) {
      document.addEventListener(kind, (event) => {
        settle(savedBy(event.detail));
        notSaved(savedBy(event.detail));
        loseConnection();
      });
    }
    document.addEventListener("htmx:responseError", (event) => {
      settle(savedBy(event.detail));
      if (event.detail.xhr.status >= 500) notSaved(savedBy(event.detail));
    });
    document.addEventListener("htmx:afterSwap", (event) => {
      const target = event.detail.target;
      if (!(target instanceof Element)) return;
      if ($(".scan-slot--wrong", target)) tone(220);
      const state = $(".field__state", target);
      if (state) say(state.textContent.trim());
      focusOnProblem(target);
    });
    window.addEventListener("offline", loseConnection);
    window.addEventListener("online", askAgain);
  }

  // What stands in a field is no longer what was saved, as soon as somebody types.
  function forgetSaved(event) {
    const state = event.target instanceof HTMLElement && event.target.hasAttribute("data-value") ? stateOf(event.target) : null;
    if (!state || lost) return;
    state.textContent = "";
    delete state.dataset.state;
  }

  // ---- A form that came back with a problem ----

  function focusOnProblem(root) {
    const summary = $(".error-summary", root);
    if (summary) summary.focus();
  }

  document.addEventListener("keydown", onKey, { capture: true });
  document.addEventListener("keydown", onShortcut);
  document.addEventListener("input", forgetSaved);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href='#scan-code']") : null;
    if (!link) return;
    event.preventDefault();
    const field = document.getElementById("scan-code");
    if (field) field.focus();
  });
  measureHead();
  watchIdle();
  watchRequests();
  focusOnProblem(document);
})();
