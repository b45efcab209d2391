// The page: the list of roles and FAQs, the form, checks, saves, and questions on the side.
import { blocks } from "../blocks/blocks.js";
import { h } from "../blocks/dom.js";
import { Refused, call, upload } from "./calls.js";
import { Form, button, idOf, path } from "./form.js";

const CHECK_AFTER = 500; // milliseconds without a key press
const LEVELS = { error: "Problem", warning: "Warning", note: "Note" };
const $ = (id) => document.getElementById(id);
const state = { content: null, open: null, drafts: [], undone: [], timer: 0, asked: 0, saving: null };

// -------------------------------------------------------------------------------------- list

async function load() {
  state.content = await call("content");
  const { folder, proposes, canUndo, home } = state.content;
  $("home").hidden = !home;
  $("home").textContent = home;
  $("folder").textContent = proposes ? "What you save here is proposed to the owners, who decide in Slack." : folder;
  $("undo").hidden = proposes;
  $("undo").disabled = !canUndo;
  $("save").textContent = saveLabel();
  drawList();
}

const saveLabel = () => (state.content.proposes ? "Propose" : "Save");

function drawList() {
  const wanted = $("filter").value.trim().toLowerCase();
  const shown = state.content.documents.filter((one) => `${one.title} ${one.id} ${one.file}`.toLowerCase().includes(wanted));
  const roles = shown.filter((one) => one.kind === "role").sort((a, b) => a.title.localeCompare(b.title));
  const others = shown.filter((one) => one.kind !== "role");
  // Imported, and not saved yet: they stay until they are saved or thrown away.
  const drafts = state.drafts.map((one) => ({ ...one, draft: one, title: one.form.title || "FAQs", count: one.form.faqs?.length }));
  const group = (title, list) => list.length ? [h("h2", {}, title), h("ul", {}, list.map(entry))] : [];
  $("list").replaceChildren(
    ...group(`Imported, not saved yet (${drafts.length})`, drafts),
    ...group(`Roles (${roles.length})`, roles),
    ...group("FAQs and more", others),
    ...group("Can't be read", state.content.broken.map((one) => ({ ...one, title: one.file }))));
  if (!shown.length && !drafts.length && !state.content.broken.length) {
    $("list").append(h("p", { class: "hint" }, wanted ? "Nothing is called that." : "Nothing is written yet: begin with a new role, or import a document."));
  }
}

function entry(one) {
  if (one.message) return h("li", {}, h("p", { class: "finding error" }, `${one.file}: ${one.message}`));
  const open = state.open && (one.draft ? state.open === one.draft
    : !state.drafts.includes(state.open) && state.open.file === one.file && state.open.number === one.number);
  const more = one.kind === "faqs" ? `${one.count} ${one.count === 1 ? "FAQ" : "FAQs"}` : "";
  return h("li", {}, h("button", {
    type: "button", class: "document", "aria-current": open ? "page" : null,
    onclick: () => leave(() => one.draft ? show(one.draft) : openDocument(one.file, one.number)),
  }, one.title, more ? h("small", {}, more) : null));
}

// -------------------------------------------------------------------------------------- form

async function openDocument(file, number) {
  const found = await call("document", { file, number });
  show({ ...found, base: { form: structuredClone(found.form), version: found.version } });
}

function show(open) {
  state.open = Object.assign(open, { findings: [], seen: JSON.stringify(open.form) });
  state.undone = [];
  location.hash = open.file && !state.drafts.includes(open) ? `${open.file}:${open.number}` : "";
  draw();
  drawList();
  $("form").focus();
  check();
}

function draw(focus = null) {
  const { open, content } = state;
  const roles = content.documents.filter((one) => one.kind === "role");
  const form = new Form({
    form: open.form, kind: open.kind, standard: content.standard, roles,
    families: [...new Set(roles.map((one) => one.family).filter(Boolean))],
    changed: () => { remember(); later(); },
    redraw: (at) => { remember(); draw(at); later(); },
    opened: (open.opened ??= new Set()),
  });
  const title = open.form.title || (open.kind === "faqs" ? "FAQs" : open.file);
  const held = focus ? null : document.activeElement;
  $("form").replaceChildren(
    h("div", { class: "head" }, h("h1", {}, title), h("p", { class: "hint" }, open.file ?? "Not saved yet"),
      button("Undo", stepBack, { id: "step-back", disabled: !state.undone.length }),
      state.drafts.includes(open) ? button("Throw away", throwAway, { class: "danger" })
        : open.file ? button("Remove", remove, { class: "danger" }) : null),
    h("div", { id: "general" }),
    ...(open.report ? [report(open.report)] : []),
    ...(open.table ? [tableReport(open)] : []),
    ...form.draw());
  $("bar").hidden = !["role", "faqs"].includes(open.kind);
  drawFindings();
  drawState();
  if (held?.id && !held.isConnected) {
    // What was drawn anew keeps the cursor where it was.
    const again = $(held.id);
    again?.focus();
    if (held.selectionStart != null) again?.setSelectionRange?.(held.selectionStart, held.selectionEnd);
  }
  if (focus) {
    const target = $(idOf(focus)) ?? placeOf(focus);
    for (let one = target?.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
    (target?.matches("input, textarea, select") ? target : target?.querySelector("input, textarea, select, button"))?.focus();
  }
}

// A snapshot before each edit; one for a run of key presses in the same field.
function remember() {
  const { open } = state;
  const last = state.undone.at(-1);
  const field = document.activeElement?.id ?? "";
  const now = JSON.stringify(open.form);
  if (now === open.seen) return;
  if (!last || last.field !== field || !field) state.undone.push({ form: open.seen, field });
  open.seen = now;
  if ($("step-back")) $("step-back").disabled = false;
  drawState();
}

function stepBack() {
  const last = state.undone.pop();
  if (!last) return;
  state.open.form = JSON.parse(last.form);
  state.open.seen = last.form;
  draw();
  later();
}

// What was proposed isn't in the file yet, and still needs no second save.
const isDirty = () => Boolean(state.open) && written(state.open.form) !== state.open.proposed
  && (!state.open.file || written(state.open.form) !== written(state.open.base.form));

// What a save would write: empty fields stand for what isn't there.
function written(form) {
  const kept = (value) => {
    if (Array.isArray(value)) return value.map(kept).filter((one) => !empty(one));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, kept(one)]).filter(([, one]) => !empty(one)));
    }
    return typeof value === "string" ? value.trim() : value;
  };
  const empty = (value) => value === "" || value == null || (typeof value === "object" && !Object.keys(value).length);
  return JSON.stringify(kept(form));
}

function drawState(said = "") {
  const { open } = state;
  const errors = open.findings.filter((one) => one.level === "error").length;
  const notes = open.findings.length - errors;
  const parts = [
    said || (isDirty() ? "Not saved yet." : open.note || "Saved."),
    errors ? `${errors} ${errors === 1 ? "problem" : "problems"}.` : "",
    notes ? `${notes} ${notes === 1 ? "hint" : "hints"}.` : "",
  ];
  $("state").textContent = parts.filter(Boolean).join(" ");
  $("save").disabled = !isDirty();
}

function later() {
  clearTimeout(state.timer);
  state.timer = setTimeout(check, CHECK_AFTER);
}

async function check(ask = false) {
  const { open } = state;
  if (!["role", "faqs"].includes(open?.kind)) return;
  const number = (state.asked += 1);
  const found = await call("check", { file: open.file, number: open.number, form: open.form, ask })
    .catch((error) => ({ findings: [{ path: [], level: "error", message: error.message, advice: "", file: "" }] }));
  // Meanwhile something else may have been opened, or this one closed.
  if (number !== state.asked || open !== state.open) return;
  Object.assign(open, found);
  drawFindings();
  drawState(ask ? "Each question was asked." : "");
}

function drawFindings() {
  for (const old of document.querySelectorAll(".finding[data-check]")) old.remove();
  for (const field of document.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
  state.open.findings.forEach((one, number) => {
    const said = [one.file ? `${one.file}: ` : "", one.message, one.message.endsWith(".") ? " " : ". ", one.advice].join("");
    const note = h("p", { class: `finding ${one.level}`, "data-check": true, id: `finding-${number}` }, h("b", {}, `${LEVELS[one.level]}: `), coded(said.trim()));
    const place = one.file ? null : placeOf(one.path);
    if (!place) { $("general").append(note); return; }
    place.append(note);
    if (one.level === "error") place.closest("details")?.setAttribute("open", "");
    const field = place.querySelector("input, textarea, select");
    if (field && one.level === "error") {
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", note.id);
    }
  });
}

// What stands between backquotes is written as it stands.
function coded(text) {
  return text.split("`").map((part, number) => (number % 2 ? h("code", {}, part) : part));
}

function placeOf(at) {
  for (let length = at.length; length; length -= 1) {
    const wanted = path(at.slice(0, length));
    const found = [...document.querySelectorAll("[data-path]")].find((one) => one.dataset.path === wanted);
    if (found) return found;
  }
  return null;
}

// ------------------------------------------------------------------------------------- saves

// One save at a time: a second click, or a key that is held down, means the same one.
function save() {
  return (state.saving ??= write().finally(() => { state.saving = null; }));
}

async function write() {
  const { open } = state;
  const sent = written(open.form);
  try {
    const saved = open.file
      ? await call("save", { file: open.file, number: open.number, form: open.form, base: open.base })
      : await call("create", { form: open.form });
    const rest = state.drafts.filter((one) => one !== open);
    const drafted = rest.length < state.drafts.length;
    state.drafts = rest;
    if (saved.pending) {
      // The file stays as it was, or isn't there yet: the form keeps what it began with.
      Object.assign(open, { proposed: sent, note: saved.note });
      if (drafted) { draw(); drawList(); }
      drawState();
      return;
    }
    await load();
    const found = await call("document", { file: saved.file, number: saved.number });
    Object.assign(open, { file: saved.file, number: saved.number, kind: found.kind, note: saved.note });
    open.base = { form: structuredClone(found.form), version: found.version };
    if (drafted) { open.report = null; open.table = null; }
    // What was written meanwhile isn't saved yet.
    if (written(open.form) === sent) {
      open.form = found.form;
      open.seen = JSON.stringify(open.form);
    }
    location.hash = `${open.file}:${open.number}`;
    draw();
    drawList();
    drawState();
    check();
  } catch (error) {
    if (error.conflict) resolve(error);
    else drawState(error.message);
  }
}

function resolve(error) {
  const { open } = state;
  const { conflict } = error;
  const name = (at) => at.length ? at.join(" › ") : "the whole";
  const both = new Set(conflict.both.map(path));
  dialog("Somebody else saved this meanwhile",
    h("div", {}, h("p", {}, "They changed:"),
      h("ul", {}, conflict.theirs.map((at) => h("li", {}, name(at), both.has(path(at)) ? " (you too: yours is kept)" : "")))),
    [
      ["Keep both changes", () => {
        open.form = conflict.form;
        call("document", { file: open.file, number: open.number }).then((now) => {
          open.base = { form: now.form, version: now.version };
          draw();
          check();
        });
      }],
      ["Throw mine away", () => openDocument(open.file, open.number)],
    ]);
}

function remove() {
  const { open } = state;
  const what = state.content.proposes ? "That is proposed to the owners, who decide in Slack." : "Its file is deleted. “Undo the last save” brings it back.";
  dialog(`Remove ${open.form.title ?? open.file}?`, h("p", {}, what), [
    ["Remove", async () => {
      try {
        const { pending, note } = await call("remove", { file: open.file, number: open.number });
        if (pending) return drawState(note);
        close();
        await load();
      } catch (error) {
        drawState(error.message);
      }
    }],
  ]);
}

function close() {
  state.open = null;
  location.hash = "";
  $("form").replaceChildren(welcome());
  $("bar").hidden = true;
}

function showChanges() {
  const { words = [], changes: lines = [] } = state.open;
  dialog("What a save changes", h("div", { class: "changed" },
    words.length ? h("div", { class: "words" }, blocks(words, { names: {}, act: () => {} })) : h("p", {}, lines.length ? "Only how the file is written." : "Nothing."),
    lines.length ? h("details", {}, h("summary", {}, "The lines of the file"), h("pre", { class: "changes", tabindex: "0" },
      lines.map((line) => h("span", { class: line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "" }, `${line}\n`)))) : null),
    isDirty() ? [[saveLabel(), save]] : []);
}

function dialog(title, body, actions) {
  const box = $("dialog");
  const done = (act) => () => { box.close(); act(); };
  box.replaceChildren(h("h2", {}, title), ...[body].flat(), h("div", { class: "adder" },
    actions.map(([label, act], number) => button(label, done(act), { class: number ? "" : "main" })),
    button("Close", () => box.close())));
  box.showModal();
}

function throwAway() {
  state.drafts = state.drafts.filter((one) => one !== state.open);
  if (state.drafts.length) show(state.drafts[0]);
  else { close(); drawList(); }
}

function leave(go) {
  // What was imported waits in the list.
  if (!isDirty() || state.drafts.includes(state.open)) return go();
  dialog("What you wrote isn't saved", h("p", {}, "Save it first, or go without it."), [
    [saveLabel(), async () => { await save(); if (!isDirty()) go(); }],
    ["Go without saving", go],
  ]);
}

// ------------------------------------------------------------------------------- new, import

function ask(kind) {
  const label = kind === "role" ? "The role's title" : "The first question";
  const field = h("input", { id: "new-title", autocomplete: "off" });
  dialog(kind === "role" ? "New role" : "New FAQs", h("div", { class: "field" }, h("label", { for: "new-title" }, label), field), [
    ["Create", async () => {
      try {
        const made = await call("new", { kind, title: field.value });
        show({ ...made, base: { form: {}, version: "" } });
      } catch (error) {
        dialog("That didn't work", h("p", {}, error.message), []);
      }
    }],
  ]);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    // Or the button that opened the dialog would be pressed, as it has the focus again.
    event.preventDefault();
    $("dialog").querySelector(".main").click();
  });
  field.focus();
}

async function importFile(file, chosen = {}) {
  try {
    const { drafts, table, choose } = await upload(file, chosen);
    if (choose) return chooseFrom(file, chosen, choose);
    if (!drafts.length) {
      dialog(`Nothing new in ${file.name}`, h("p", {}, "All of it is in the content already, word for word."), []);
      return;
    }
    const made = drafts.map(({ report: found, ...one }) => ({
      base: { form: {}, version: "" }, ...one,
      report: found && { name: file.name, ...found }, table: table && { name: file.name, ...table },
    }));
    state.drafts.push(...made);
    show(made[0]);
  } catch (error) {
    dialog(`${file.name} was not imported`, error.message.split("\n").map((line) => h("p", {}, line)), []);
  }
}

// Asks which sheet of a table is meant, or which of its rows names the columns.
function chooseFrom(file, chosen, { what, options, likely }) {
  const rows = what === "row";
  const field = h("select", { id: "choose" }, options.map((text, number) =>
    h("option", { value: rows ? number + 1 : text, selected: number + 1 === likely }, rows ? `Row ${number + 1}: ${text || "(empty)"}` : text)));
  const label = rows ? "The row that names the columns" : "The sheet to import";
  const why = rows ? "A table needs a row that names its columns, at least “question” and “answer”."
    : "Several sheets have content. Import the others after this one, if you need them.";
  dialog(rows ? "Which row names the columns?" : "Which sheet?", [
    h("p", {}, chosen[what] && rows ? `Row ${chosen.row} doesn't name a question and an answer. ${why}` : why),
    h("div", { class: "field" }, h("label", { for: "choose" }, label), field),
  ], [["Import", () => importFile(file, { ...chosen, [what]: field.value })]]);
  field.focus();
}

function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function tableReport({ table, file }) {
  const rest = state.drafts.filter((one) => one.table === table).length;
  return h("section", { class: "report card" }, h("h2", {}, `From ${table.name}`),
    h("p", {}, `The table has ${counted(table.roles, "role")} and ${counted(table.faqs, "general FAQ")}. `,
      file ? `This is what it changes in ${file}: see “Show changes”.` : "This is new.",
      rest > 1 ? ` ${rest} wait in the list; each is saved by itself.` : ""),
    table.unknown.length ? h("p", { class: "finding warning" }, `Columns that faqbot doesn't know, and left out: ${table.unknown.join(", ")}`) : null);
}

function report(found) {
  const share = found.words ? Math.floor((1000 * found.kept) / found.words) / 10 : 100;
  return h("section", { class: "report card" }, h("h2", {}, `From ${found.name}`),
    h("p", {}, `${found.words} words, ${share} % of them are below. Move points that stand in the wrong section with “Move to …”, then save.`),
    found.missing.length ? h("p", { class: "finding warning" }, `Not below: ${found.missing.join(", ")}`) : null,
    found.checks.length ? h("ul", {}, found.checks.map((one) => h("li", {}, `${one[0].toUpperCase()}${one.slice(1)}`))) : null,
    found.leftOut.length ? h("details", {}, h("summary", {}, `${found.leftOut.length} left out as no part of the role`),
      found.leftOut.map((one) => h("p", {}, h("b", {}, `${one.kind}: `), one.text))) : null);
}

// -------------------------------------------------------------------------------------- side

async function put(event) {
  event?.preventDefault();
  const question = $("question").value.trim();
  if (!question) return;
  $("answer").replaceChildren(h("p", { class: "hint" }, "Asking …"));
  const { open } = state;
  const asked = { question };
  if (["role", "faqs"].includes(open?.kind)) Object.assign(asked, { file: open.file, number: open.number, form: open.form });
  try {
    const found = await call("ask", asked);
    $("answer").replaceChildren(answer(found, question));
  } catch (error) {
    $("answer").replaceChildren(h("p", { class: "finding error" }, error.message));
  }
}

function answer({ result, blocks: shown, candidates, corrections, why }, question) {
  const said = { answer: "Answered", choices: "Asked back", decline: "Not answered" }[result.outcome] ?? result.outcome;
  const first = result.entries[0];
  return h("div", {},
    h("p", { class: `outcome ${result.outcome}` }, said, first ? `: ${first.id} (${Math.round(100 * first.confidence)} %)` : ""),
    corrections.map((one) => h("p", { class: "hint" }, `“${one.typed}” is read as “${one.meant}”.`)),
    h("div", { class: "message card" }, blocks(shown, { names: {}, act: () => {} })),
    h("h3", {}, "Why"),
    h("ol", {}, candidates.map((one) => h("li", {}, `${one.id}: ${Math.round(100 * one.confidence)} %`))),
    why.length ? h("details", {}, h("summary", {}, `What speaks for ${why[0].id}`),
      h("ul", {}, why[0].contributions.slice(0, 6).map(([name, value]) => h("li", {}, `${name.replaceAll("_", " ")}: ${value > 0 ? "+" : ""}${value}`)))) : null,
    adders(question));
}

// Adds the question to a section or FAQ of the open form.
function adders(question) {
  const { open } = state;
  if (!open || !["role", "faqs"].includes(open.kind)) return null;
  const places = [
    ...(open.form.sections ?? []).map((one, number) => [["sections", number], one.title || state.content.standard[one.key], one]),
    ...(open.form.faqs ?? []).map((one, number) => [["faqs", number], one.question, one]),
  ];
  if (!places.length) return null;
  const chosen = h("select", { "aria-label": "The entry that should answer" }, places.map(([, title], number) => h("option", { value: number }, title)));
  const add = (key) => () => {
    const [at, , one] = places[Number(chosen.value)];
    const text = open.form.title ? question.replace(new RegExp(open.form.title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i"), "{role}") : question;
    const list = (one[key] ??= []);
    list.push(text);
    remember();
    draw([...at, key, list.length - 1]);
    later();
  };
  return h("div", { class: "field" }, h("span", { class: "label" }, "Should something here answer it?"), chosen,
    h("div", { class: "adder" }, button("Add as a way to ask", add("phrasings")),
      open.form.faqs?.length ? button("Add as a test", () => {
        if (places[Number(chosen.value)][0][0] === "faqs") add("matches")();
        else add("phrasings")();
      }) : null));
}

function welcome() {
  return h("div", { class: "welcome" }, h("h1", {}, "What people may ask, and what faqbot answers"),
    h("p", {}, "Choose a role or FAQs on the left, begin a new role, or drop a job description on this page. Each problem stands beside its field while you write; the question on the side is answered from what you see, before it is saved."));
}

// ------------------------------------------------------------------------------------- start

$("filter").addEventListener("input", drawList);
$("new-role").addEventListener("click", () => leave(() => ask("role")));
$("new-faqs").addEventListener("click", () => leave(() => ask("faqs")));
$("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) leave(() => importFile(file));
});
$("save").addEventListener("click", save);
$("changes").addEventListener("click", async () => { await check(); showChanges(); });
$("try").addEventListener("click", () => { drawState("Asking each question …"); check(true); });
$("ask").addEventListener("submit", put);
$("undo").addEventListener("click", async () => {
  try {
    const undone = await call("undo");
    await load();
    if (undone.file && state.content.documents.some((one) => one.file === undone.file)) await openDocument(undone.file, 0);
    else close();
  } catch (error) {
    dialog("It can't be undone", h("p", {}, error.message), []);
  }
});
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s") {
    event.preventDefault();
    const box = $("dialog");
    // Behind a dialog nothing can be pressed, so it saves by a button of its own, or not at all.
    if (box.open) [...box.querySelectorAll("button")].find((one) => one.textContent === saveLabel())?.click();
    else if (isDirty()) save();
  }
});
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
}
for (const name of ["dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    if (name === "drop" || !event.relatedTarget) document.body.classList.remove("dropping");
  });
}
document.addEventListener("drop", (event) => {
  const [file] = event.dataTransfer.files;
  if (file) leave(() => importFile(file));
});
addEventListener("unhandledrejection", (event) => {
  if (!(event.reason instanceof Refused)) return;
  event.preventDefault();
  dialog("That didn't work", h("p", {}, event.reason.message), []);
});
addEventListener("beforeunload", (event) => { if (isDirty() || state.drafts.length) event.preventDefault(); });

$("form").replaceChildren(welcome());
await load();
const named = /^#(.+):(\d+)$/.exec(decodeURIComponent(location.hash));
if (named && state.content.documents.some((one) => one.file === named[1])) await openDocument(named[1], Number(named[2]));
