// The form of a role or of FAQs. Fields write into the form's object; `changed` is told of each
// edit, and `redraw` of each change of the form's shape, with the path of what to focus then.
import { blocks } from "../blocks/blocks.js";
import { h } from "../blocks/dom.js";
import { call } from "./calls.js";

const PARTS = {
  text: "Text", items: "Points", required: "Required", preferred: "Preferred",
  years: "Years", phrasings: "Other ways to ask",
};
const LISTS = ["items", "required", "preferred"];

export class Form {
  constructor({ form, kind, standard, roles, families, changed, redraw, opened }) {
    Object.assign(this, { form, kind, standard, roles, families, changed, redraw, opened });
  }

  draw() {
    if (this.kind === "role") return this.role();
    if (this.kind === "faqs") return [this.about(), this.faqs()];
    return [h("p", { class: "hint" },
      "This file holds small talk, phrasings or other names. Change it in a text editor; questions on the side are answered from it too.")];
  }

  // ------------------------------------------------------------------------------- whole forms

  role() {
    const { form } = this;
    return [
      h("fieldset", {}, h("legend", {}, "The role"),
        this.input(form, "title", ["title"], { label: "Title", required: true }),
        this.list(form, "aliases", ["aliases"], { label: "Other titles", one: "title" }),
        h("div", { class: "row" },
          this.input(form, "family", ["family"], { label: "Family", list: this.families }),
          this.input(form, "owner", ["owner"], { label: "Owner", hint: "@people or a channel: gets questions that nobody answered" })),
        h("div", { class: "row" },
          this.input(form, "reviewed", ["reviewed"], { label: "Reviewed", type: "date" }),
          this.input(form, "review_every", ["review_every"], { label: "Review every", hint: "6 months" })),
        h("details", { open: Boolean(form.related || form.next_roles || form.onet) },
          h("summary", {}, "Related roles and O*NET"),
          this.list(form, "related", ["related"], { label: "Related roles", one: "role", choices: this.roles }),
          this.list(form, "next_roles", ["next_roles"], { label: "Roles that people move on to", one: "role", choices: this.roles }),
          this.input(form, "onet", ["onet"], { label: "O*NET-SOC code", hint: "15-1252.00" }))),
      this.sections(),
      this.faqs(),
    ];
  }

  about() {
    const options = [["", "General: about no role"], ...this.roles.map((role) => [role.id, role.title])];
    return h("fieldset", {}, h("legend", {}, "These FAQs"),
      this.select(this.form, "about", ["about"], { label: "About", options }));
  }

  // --------------------------------------------------------------------------------- sections

  sections() {
    const sections = (this.form.sections ??= []);
    const absent = Object.entries(this.standard).filter(([key]) => !sections.some((one) => one.key === key));
    const adder = h("select", { "aria-label": "A section to add" },
      absent.map(([key, title]) => h("option", { value: key }, title)),
      h("option", { value: "" }, "One of your own"));
    const add = () => {
      const key = adder.value;
      const number = sections.length;
      if (key) {
        const order = Object.keys(this.standard);
        const after = sections.findIndex((one) => order.indexOf(one.key) > order.indexOf(key));
        const at = after < 0 ? sections.filter((one) => order.includes(one.key)).length : after;
        // What is required and what is welcome are lists; other sections mostly begin as a text.
        const listed = ["skills", "education", "certifications"].includes(key);
        sections.splice(at, 0, listed ? { key, required: [""] } : { key, text: "" });
        this.redraw(["sections", at, ...(listed ? ["required", 0] : ["text"])]);
      } else {
        sections.push({ key: this.freeKey("new-section"), title: "", text: "", phrasings: [] });
        this.redraw(["sections", number, "title"]);
      }
    };
    return h("section", { "data-path": path(["sections"]) }, h("h2", {}, "Sections"),
      sections.map((one, number) => this.section(one, number)),
      h("div", { class: "adder" }, adder, button("Add section", add)));
  }

  section(one, number) {
    const at = ["sections", number];
    const sections = this.form.sections;
    const own = !(one.key in this.standard);
    const title = one.title || this.standard[one.key] || "New section";
    const absent = Object.keys(PARTS).filter((part) => !(part in one));
    return h("fieldset", { class: "entry", "data-path": path(at) },
      h("legend", {}, title),
      this.movers(sections, number, at, title),
      own ? this.input(one, "title", [...at, "title"], {
        label: "Heading", required: true,
        after: () => { if (one.key.startsWith("new-section")) one.key = this.freeKey(slug(one.title), one); },
      }) : null,
      "text" in one ? this.markdown(one, "text", [...at, "text"], "Text", () => this.split(one, number)) : null,
      LISTS.filter((part) => part in one).map((part) =>
        this.list(one, part, [...at, part], { label: PARTS[part], one: "point", moves: { number, part } })),
      "years" in one ? this.years(one, at) : null,
      "phrasings" in one ? this.list(one, "phrasings", [...at, "phrasings"],
        { label: PARTS.phrasings, one: "phrasing", hint: "why should I join as a {role}" }) : null,
      h("div", { class: "adder" }, absent.map((part) => button(`+ ${PARTS[part]}`, () => {
        one[part] = part === "years" ? {} : part === "text" ? "" : [""];
        this.redraw(part === "years" ? [...at, "years", "min"] : part === "text" ? [...at, "text"] : [...at, part, 0]);
      }))));
  }

  freeKey(wanted, own) {
    const taken = this.form.sections.filter((one) => one !== own).map((one) => one.key);
    let key = wanted || "section";
    for (let number = 2; taken.includes(key) || key in this.standard; number += 1) key = `${wanted}-${number}`;
    return key;
  }

  split(one, number) {
    const points = one.text.split(/\n+/).map((line) => line.replace(/^\s*([-*•]|\d+[.)])\s*/, "").trim()).filter(Boolean);
    if (!points.length) return;
    one.items = [...(one.items ?? []), ...points];
    delete one.text;
    this.redraw(["sections", number, "items", 0]);
  }

  years(one, at) {
    return h("div", { class: "row", "data-path": path([...at, "years"]) },
      ["min", "max"].map((side) => this.input(one.years, side, [...at, "years", side],
        { label: side === "min" ? "Years, at least" : "Years, at most", type: "number" })));
  }

  // ------------------------------------------------------------------------------------- FAQs

  faqs() {
    const faqs = (this.form.faqs ??= []);
    return h("section", { "data-path": path(["faqs"]) }, h("h2", {}, "FAQs"),
      faqs.map((one, number) => this.faq(one, number)),
      h("div", { class: "adder" }, button("Add FAQ", () => {
        faqs.push({ id: "", question: "", answer: "" });
        this.redraw(["faqs", faqs.length - 1, "question"]);
      })));
  }

  faq(one, number) {
    const at = ["faqs", number];
    const isNew = !one.id || one.question === "";
    const audiences = [["", "Everyone"], ["employees", "Employees"], ["candidates", "Candidates"]];
    // Closed until it is wanted: a role may have dozens of questions.
    return h("details", { class: "entry", "data-path": path(at), open: this.opened.has(one) || isNew,
      ontoggle: (event) => this.opened[event.target.open ? "add" : "delete"](one) },
      h("summary", {}, one.question || "New question"),
      this.movers(this.form.faqs, number, at, one.question || "this question"),
      this.input(one, "question", [...at, "question"], {
        label: "Question", required: true,
        after: () => { if (isNew) one.id = this.freeId(slug(one.question), one); },
      }),
      this.markdown(one, "answer", [...at, "answer"], "Answer"),
      this.list(one, "phrasings", [...at, "phrasings"], { label: PARTS.phrasings, one: "phrasing" }),
      h("div", { class: "row" },
        this.select(one, "audience", [...at, "audience"], { label: "Who may read it", options: audiences }),
        this.input(one, "owner", [...at, "owner"], { label: "Owner" }),
        this.input(one, "reviewed", [...at, "reviewed"], { label: "Reviewed", type: "date" })),
      h("details", { open: Boolean(one.matches || one.rejects) },
        h("summary", {}, "Tests and id"),
        this.list(one, "matches", [...at, "matches"], { label: "Questions that it must answer", one: "question" }),
        this.list(one, "rejects", [...at, "rejects"], { label: "Questions that it must not answer", one: "question" }),
        this.input(one, "id", [...at, "id"], { label: "Id" })),
      one.example ? h("p", { class: "finding warning" }, "An example: write your own answer, then ",
        button("it is mine now", () => { delete one.example; this.redraw([...at, "answer"]); })) : null);
  }

  freeId(wanted, own) {
    const taken = this.form.faqs.filter((one) => one !== own).map((one) => one.id);
    let id = wanted || "question";
    for (let number = 2; taken.includes(id); number += 1) id = `${wanted}-${number}`;
    return id;
  }

  // ----------------------------------------------------------------------------------- fields

  movers(list, number, at, name) {
    const move = (by) => () => {
      const [one] = list.splice(number, 1);
      list.splice(number + by, 0, one);
      this.redraw([...at.slice(0, -1), number + by]);
    };
    return h("div", { class: "movers" },
      button("↑", move(-1), { "aria-label": `Move ${name} up`, disabled: number === 0 }),
      button("↓", move(1), { "aria-label": `Move ${name} down`, disabled: number === list.length - 1 }),
      button("Remove", () => { list.splice(number, 1); this.redraw(at.slice(0, -1)); }, { "aria-label": `Remove ${name}` }));
  }

  input(target, key, at, { label, type = "text", hint = "", required = false, list = null, after = null }) {
    const id = idOf(at);
    const field = h("input", {
      id, type, placeholder: hint, required, autocomplete: "off", value: target[key] ?? "",
      min: type === "number" ? 0 : null, step: type === "number" ? "any" : null,
      list: list ? `${id}-list` : null,
      oninput: (event) => {
        const text = event.target.value;
        if (text === "") delete target[key];
        else target[key] = type === "number" ? Number(text) : text;
        after?.();
        this.changed();
      },
    });
    return h("div", { class: "field", "data-path": path(at) }, h("label", { for: id }, label), field,
      list ? h("datalist", { id: `${id}-list` }, list.map((one) => h("option", { value: one }))) : null);
  }

  select(target, key, at, { label, options }) {
    const id = idOf(at);
    const field = h("select", {
      id,
      onchange: (event) => {
        if (event.target.value) target[key] = event.target.value;
        else delete target[key];
        this.changed();
      },
    }, options.map(([value, text]) => h("option", { value, selected: (target[key] ?? "") === value || (value === "" && target[key] === "everyone") }, text)));
    return h("div", { class: "field", "data-path": path(at) }, h("label", { for: id }, label), field);
  }

  markdown(target, key, at, label, split = null) {
    const id = idOf(at);
    const shown = h("div", { class: "preview", hidden: true });
    const field = h("textarea", {
      id, rows: Math.min(12, Math.max(3, Math.ceil((target[key] ?? "").length / 80) + (target[key] ?? "").split("\n").length)),
      oninput: (event) => { target[key] = event.target.value; this.changed(); },
    }, target[key] ?? "");
    const preview = async (event) => {
      const show = shown.hidden;
      shown.hidden = !show;
      event.target.setAttribute("aria-expanded", String(show));
      if (show) shown.replaceChildren(...blocks((await call("preview", { markdown: target[key] ?? "" })).blocks, QUIET));
    };
    return h("div", { class: "field", "data-path": path(at) },
      h("label", { for: id }, label), field,
      h("div", { class: "adder" },
        button("As Slack shows it", preview, { "aria-expanded": "false" }),
        split ? button("Make a list of its lines", split) : null),
      shown);
  }

  list(target, key, at, { label, one, hint = "", choices = null, moves = null }) {
    const values = target[key] ?? [];
    const write = () => { if (values.length) target[key] = values; else delete target[key]; };
    const id = idOf(at);
    return h("div", { class: "field list", role: "group", "aria-label": label, "data-path": path(at) },
      h("span", { class: "label" }, label),
      h("ul", {}, values.map((value, number) => {
        const field = h(value.length > 90 ? "textarea" : "input", {
          id: idOf([...at, number]), rows: 2, autocomplete: "off", placeholder: hint, value,
          "aria-label": `${label}, ${number + 1}`, list: choices ? `${id}-list` : null,
          oninput: (event) => { values[number] = event.target.value; write(); this.changed(); },
          onkeydown: (event) => {
            if (event.key === "Enter" && !event.shiftKey) {
              event.preventDefault();
              values.splice(number + 1, 0, "");
              write();
              this.redraw([...at, number + 1]);
            } else if (event.key === "Backspace" && values[number] === "") {
              event.preventDefault();
              values.splice(number, 1);
              write();
              this.redraw(number ? [...at, number - 1] : at);
            } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
              event.preventDefault();
              const to = number + (event.key === "ArrowUp" ? -1 : 1);
              if (to < 0 || to >= values.length) return;
              values.splice(to, 0, ...values.splice(number, 1));
              this.redraw([...at, to]);
            }
          },
        }, value.length > 90 ? value : "");
        return h("li", { "data-path": path([...at, number]) }, field,
          moves ? this.mover(values, number, moves, write) : null,
          button("✕", () => { values.splice(number, 1); write(); this.redraw(at); }, { "aria-label": `Remove ${one} ${number + 1}`, class: "bare" }));
      })),
      choices ? h("datalist", { id: `${id}-list` }, choices.map((role) => h("option", { value: role.id }, role.title))) : null,
      button(`+ ${one}`, () => { values.push(""); write(); target[key] = values; this.redraw([...at, values.length - 1]); }));
  }

  // Where a point may go: another list of its section, or another section.
  mover(values, number, { number: here, part }, write) {
    const places = [];
    this.form.sections.forEach((section, place) => {
      const title = section.title || this.standard[section.key] || section.key;
      const lists = place === here || LISTS.some((name) => name in section)
        ? LISTS.filter((name) => (name in section || place === here) && !(place === here && name === part)) : ["items"];
      for (const name of lists) places.push([place, name, name === "items" && place !== here ? title : `${title}: ${PARTS[name]}`]);
    });
    const move = ({ target }) => {
      if (target.value === "") return;
      const [place, name] = places[Number(target.value)];
      const [moved] = values.splice(number, 1);
      write();
      const list = (this.form.sections[place][name] ??= []);
      list.push(moved);
      this.redraw(["sections", place, name, list.length - 1]);
    };
    // By keyboard each arrow changes the choice: only Enter says that it is meant.
    let byKeyboard = false;
    return h("select", {
      class: "mover", "aria-label": `Move point ${number + 1} to`, title: "By keyboard: choose, then press Enter",
      onpointerdown: () => { byKeyboard = false; },
      onkeydown: (event) => {
        byKeyboard = true;
        if (event.key !== "Enter") return;
        event.preventDefault();
        move(event);
      },
      onchange: (event) => { if (!byKeyboard) move(event); },
      onblur: (event) => { event.target.value = ""; },
    }, h("option", { value: "" }, "Move to …"), places.map(([, , text], at) => h("option", { value: at }, text)));
  }
}

const QUIET = { names: {}, act: () => {} };

export function path(at) {
  return JSON.stringify(at);
}

export function idOf(at) {
  return `f-${at.join("-")}`;
}

export function slug(text) {
  return text.normalize("NFKD").replace(/[\u0300-\u036f']/g, "").toLowerCase()
    .replace(/\{role\}/g, " ").match(/[a-z0-9]+/g)?.join("-").slice(0, 56).replace(/-$/, "") ?? "";
}

export function button(label, onclick, more = {}) {
  return h("button", { type: "button", onclick, ...more }, label);
}
