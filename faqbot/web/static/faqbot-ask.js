/* <faqbot-ask>: asks faqbot about job roles, on a web page of its operators.

   Attributes: server (where faqbot is; by default where this script comes from), label, placeholder,
   mail (an address for questions that have no answer). Custom properties: --faqbot-accent,
   --faqbot-on-accent, --faqbot-border, --faqbot-background, --faqbot-radius, --faqbot-gap.

   Answers come as nodes, never as HTML: each becomes an element of a few known kinds. */
(() => {
  "use strict";
  const HERE = document.currentScript ? document.currentScript.src : location.href;
  const KINDS = new Set(["p", "ul", "ol", "li", "strong", "em", "s", "code", "pre", "a", "br", "blockquote"]);
  const ADDRESS = /^(https?:|mailto:)/i;
  const SHOWN = 20;
  const FAILED = "That didn't work. Please try again.";
  const STYLE = `
    :host { display: block; font: inherit; color: inherit; --gap: var(--faqbot-gap, .75rem);
      --border: var(--faqbot-border, currentcolor); --radius: var(--faqbot-radius, 6px); }
    :host([hidden]), [hidden] { display: none; }
    *, ::before { box-sizing: border-box; }
    form, .turns, .turn, .person { display: grid; gap: var(--gap); }
    form { margin: 0; }
    label { font-weight: 600; }
    .row { display: flex; flex-wrap: wrap; gap: calc(var(--gap) / 1.5); }
    input, textarea, button { font: inherit; color: inherit; padding: .5em .75em; max-width: 100%;
      border: 1px solid var(--border); border-radius: var(--radius); background: var(--faqbot-background, transparent); }
    input, textarea { flex: 1 1 14rem; min-width: 0; width: 100%; }
    ::placeholder { color: inherit; opacity: .75; }
    button { cursor: pointer; text-align: start; overflow-wrap: anywhere; }
    button:hover { text-decoration: underline; }
    button.main { background: var(--faqbot-accent, transparent); color: var(--faqbot-on-accent, inherit); font-weight: 600; }
    button[aria-disabled=true] { cursor: progress; }
    :focus-visible { outline: 3px solid var(--faqbot-accent, currentcolor); outline-offset: 2px; }
    .turns { margin-top: var(--gap); }
    .turns:empty { display: none; }
    .turn { padding: var(--gap); border: 1px solid var(--border); border-radius: var(--radius);
      background: var(--faqbot-background, transparent); overflow-wrap: anywhere; }
    p, ul, ol, pre, blockquote { margin: 0; }
    .body, .part { display: grid; gap: calc(var(--gap) / 2); }
    ul, ol { padding-inline-start: 1.4em; }
    .asked { font-style: italic; }
    .header, .title { font-weight: 700; }
    .small { font-size: .875em; }
    pre { overflow-x: auto; white-space: pre-wrap; }
    blockquote { padding-inline-start: .75em; border-inline-start: 3px solid var(--border); }
    table { border-collapse: collapse; width: 100%; }
    th, td { padding: .3em .5em; border: 1px solid var(--border); text-align: start; vertical-align: top; min-width: 7em; overflow-wrap: normal; }
    .scroll { overflow-x: auto; }
    summary { cursor: pointer; }
    a { color: inherit; }
    summary + .row { margin-top: calc(var(--gap) / 2); }
    .trap { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  `;
  let sheet;

  const make = (kind, values = {}, ...inside) => {
    const made = document.createElement(kind);
    for (const [name, value] of Object.entries(values)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...inside.filter((one) => one !== undefined && one !== null && one !== ""));
    return made;
  };

  const elements = (nodes) => (Array.isArray(nodes) ? nodes : []).map((node) => {
    if (typeof node === "string") return node;
    const made = KINDS.has(node.tag) ? document.createElement(node.tag) : document.createElement("span");
    if (node.tag === "a" && ADDRESS.test(node.href)) {
      made.href = node.href;
      made.rel = "noopener noreferrer nofollow";
    }
    made.append(...elements(node.nodes));
    return made;
  });

  const block = (one) => {
    if (one.type === "text") return make("div", { class: "body" }, ...blocks(one.nodes));
    if (one.type === "list") {
      const list = make("ul", {}, ...one.items.map((item) => make("li", {}, ...elements(item))));
      return make("div", { class: "body" }, one.heading && make("p", { class: "title" }, one.heading), list);
    }
    const head = make("tr", {}, make("td"), ...one.heads.map((text) => make("th", { scope: "col" }, text)));
    const rows = one.rows.map((row) => make("tr", {}, make("th", { scope: "row" }, row.title),
      ...row.cells.map((cell) => make("td", {},
        cell.length ? make("ul", {}, ...cell.map((item) => make("li", {}, ...elements(item)))) : "–"))));
    const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": one.heads.join(", ") }, table);
  };

  /* Of one paragraph the server sends what is in it. */
  const blocks = (nodes) => {
    const whole = nodes.some((node) => ["p", "ul", "ol", "pre", "blockquote"].includes(node.tag));
    return whole ? elements(nodes) : [make("p", {}, ...elements(nodes))];
  };

  const source = (one) => "Source: " + [[one.role, one.part].filter(Boolean).join(" · ") || one.entry,
    one.reviewed && `reviewed ${one.reviewed}`, one.stale && "review overdue"].filter(Boolean).join(" | ");

  class FaqbotAsk extends HTMLElement {
    #role = "";
    #busy = false;
    #turns;
    #input;
    #ask;

    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      if (!sheet) {
        sheet = new CSSStyleSheet();
        sheet.replaceSync(STYLE);
      }
      root.adoptedStyleSheets = [sheet];
      this.#input = make("input", { id: "question", type: "text", maxlength: "500", autocomplete: "off",
        enterkeyhint: "send", placeholder: this.getAttribute("placeholder") || "Which skills do I need?" });
      this.#ask = make("button", { class: "main", type: "submit" }, "Ask");
      this.#turns = make("div", { class: "turns", role: "log", "aria-live": "polite", "aria-label": "Answers" });
      const label = this.getAttribute("label") || "Ask about a job role";
      root.append(make("form", { onsubmit: (event) => {
        event.preventDefault();
        const question = this.#input.value.trim();
        if (question) this.#send({ question, role: this.#role }, question);
        else this.#input.focus();
      } }, make("label", { for: "question" }, label), make("div", { class: "row" }, this.#input, this.#ask)),
      this.#turns);
    }

    #post(path, body) {
      const server = new URL(this.getAttribute("server") || ".", HERE);
      return fetch(new URL(path, new URL("/widget/", server)), {
        method: "POST",
        credentials: "omit",
        referrerPolicy: "origin",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }).then((response) => response.json().then((found) => {
        if (!response.ok) throw Object.assign(new Error(), { advice: found.detail });
        return found;
      }));
    }

    async #send(body, asked) {
      if (this.#busy) return;
      this.#wait(true);
      const turn = make("article", { class: "turn" }, make("p", { class: "asked" }, asked));
      try {
        const found = await this.#post("ask", body);
        // An answer that isn't about one role begins another subject.
        this.#role = found.role || (found.outcome === "answer" ? "" : this.#role);
        turn.append(...this.#shown(found, asked));
        this.#input.value = "";
      } catch (error) {
        turn.append(make("p", {}, error.advice || FAILED));
      }
      this.#turns.append(turn);
      while (this.#turns.children.length > SHOWN) this.#turns.firstChild.remove();
      this.#wait(false);
      turn.scrollIntoView({ block: "nearest" });
    }

    #wait(busy) {
      this.#busy = busy;
      this.#turns.setAttribute("aria-busy", busy);
      this.#ask.setAttribute("aria-disabled", busy);
    }

    *#shown(found, asked) {
      const reply = found.reply;
      if (reply.header) yield make("p", { class: "header" }, reply.header);
      if (reply.lead.length) yield make("div", { class: "body" }, ...blocks(reply.lead));
      for (const part of reply.parts) {
        const title = reply.parts.length > 1 && make("p", { class: "title" }, part.title);
        yield make("div", { class: "part" }, title || "", ...part.blocks.map(block));
      }
      const roles = found.outcome === "decline" ? [{ label: "All roles", entry: "*" }] : [];
      const choices = [...reply.choices, ...roles];
      if (choices.length) yield this.#row(choices, reply.header || "Choices");
      if (reply.more.length) {
        yield make("details", {}, make("summary", {}, "More about this"), this.#row(reply.more, "More about this"));
      }
      if (reply.hint.length) yield make("div", { class: "body small" }, ...blocks(reply.hint));
      for (const one of reply.sources) yield make("p", { class: "small" }, source(one));
      yield* this.#person(found, asked);
    }

    #row(buttons, label) {
      return make("div", { class: "row", role: "group", "aria-label": label }, ...buttons.map((one) =>
        make("button", { type: "button", onclick: () =>
          this.#send({ entry: one.entry, question: one.label.slice(0, 500) }, one.label) }, one.label)));
    }

    *#person(found, asked) {
      const mail = this.getAttribute("mail");
      if (mail) {
        const subject = encodeURIComponent(asked);
        yield make("p", { class: "small" }, make("a", { href: `mailto:${mail}?subject=${subject}` }, "Ask a person"));
      } else if (found.person) {
        const form = this.#form(found, asked);
        yield make("details", { class: "small" }, make("summary", {}, "Ask a person"), form);
      }
    }

    #form(found, asked) {
      const id = `p${this.#turns.children.length}-${Date.now()}`;
      const mail = make("input", { id, type: "email", required: true, maxlength: "254", autocomplete: "email" });
      const words = make("textarea", { id: `${id}q`, rows: "3", required: true, maxlength: "1000" }, asked);
      const trap = make("input", { type: "text", tabindex: "-1", autocomplete: "off" });
      const said = make("p", { role: "status", tabindex: "-1" });
      const form = make("form", { class: "person", onsubmit: async (event) => {
        event.preventDefault();
        if (this.#busy) return;
        this.#wait(true);
        try {
          const done = await this.#post("person",
            { mail: mail.value, question: words.value, asked: found.asked, website: trap.value });
          said.textContent = done.message;
          form.replaceChildren(said);
          said.focus();
        } catch (error) {
          said.textContent = error.advice || FAILED;
        }
        this.#wait(false);
      } },
      make("label", { for: id }, "Your mail address, for the answer"), mail,
      make("label", { for: `${id}q` }, "Your question"), words,
      make("label", { class: "trap", "aria-hidden": "true" }, "Website", trap),
      make("div", {}, make("button", { class: "main", type: "submit" }, "Send to a person")), said);
      return form;
    }
  }

  if (!customElements.get("faqbot-ask")) customElements.define("faqbot-ask", FaqbotAsk);
})();
