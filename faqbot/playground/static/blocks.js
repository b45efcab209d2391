// Block Kit as DOM nodes. `context` knows names and takes actions: {names, act(element, more)}.
import { emojiNamed, h, link } from "./dom.js";
import { icon } from "./icons.js";
import { markdown, mrkdwn, plain, textObject } from "./text.js";

export function blocks(list, context) {
  return list.map((block) => {
    const build = BLOCKS[block.type];
    return build ? build(block, context) : h("p", { class: "unknown" }, `[${block.type}]`);
  });
}

const BLOCKS = {
  header: (block) => h("h3", { class: "b-header" }, plain(block.text.text)),
  divider: () => h("hr", { class: "b-divider" }),
  section: (block, context) =>
    h("div", { class: "b-section" },
      h("div", { class: "b-text" },
        block.text ? h("div", {}, textObject(block.text, context.names)) : null,
        block.fields ? h("div", { class: "b-fields" },
          block.fields.map((field) => h("div", {}, textObject(field, context.names)))) : null),
      block.accessory ? h("div", { class: "b-accessory" }, element(block.accessory, block, context)) : null),
  markdown: (block, context) => h("div", { class: "b-markdown" }, markdown(block.text, context.names)),
  context: (block, context) =>
    h("div", { class: "b-context" }, block.elements.map((node) =>
      node.type === "image" ? picture(node) : h("span", {}, textObject(node, context.names)))),
  actions: (block, context) =>
    h("div", { class: "b-actions", role: "group" }, block.elements.map((node) => element(node, block, context))),
  context_actions: (block, context) =>
    h("div", { class: "b-actions b-rating", role: "group" }, block.elements.map((node) => element(node, block, context))),
  image: (block) => h("figure", { class: "b-image" },
    block.title ? h("figcaption", {}, plain(block.title.text)) : null, picture(block)),
  rich_text: (block, context) => h("div", { class: "b-rich" }, block.elements.map((part) => rich(part, context))),
  input: (block, context) => input(block, context),
};

function picture(node) {
  return h("span", { class: "picture", role: "img", "aria-label": node.alt_text }, node.alt_text);
}

function rich(part, context) {
  switch (part.type) {
    case "rich_text_list": return richList(part, context);
    case "rich_text_preformatted": return h("pre", {}, part.elements.map((node) => piece(node, context)));
    case "rich_text_quote": return h("blockquote", {}, part.elements.map((node) => piece(node, context)));
    default: return h("div", { class: "b-line" }, part.elements.map((node) => piece(node, context)));
  }
}

function richList(part, context) {
  const attributes = { class: `indent-${Math.min(part.indent ?? 0, 4)}${part.border ? " bordered" : ""}` };
  if (part.offset) attributes.start = part.offset + 1;
  return h(part.style === "ordered" ? "ol" : "ul", attributes,
    part.elements.map((item) => h("li", {}, item.elements.map((node) => piece(node, context)))));
}

function piece(node, context) {
  let made;
  switch (node.type) {
    case "text": made = document.createTextNode(node.text); break;
    case "link": made = link(node.url, node.text); break;
    case "emoji": made = document.createTextNode(emojiNamed(node.name)); break;
    case "user": made = h("span", { class: "mention" }, "@" + context.names.user(node.user_id)); break;
    case "channel": made = h("span", { class: "mention" }, "#" + context.names.channel(node.channel_id)); break;
    case "broadcast": made = h("span", { class: "mention" }, "@" + node.range); break;
    default: made = document.createTextNode(node.fallback ?? "");
  }
  const style = node.style ?? {};
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (style[name]) made = h(tag, {}, made);
  }
  return made;
}

function element(node, block, context) {
  const build = ELEMENTS[node.type] ?? FIELDS[node.type];
  return build ? build(node, block, context) : h("span", { class: "unknown" }, `[${node.type}]`);
}

async function confirmed(node) {
  if (!node.confirm) return true;
  const ask = node.confirm;
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "modal confirm" },
      h("h2", {}, plain(ask.title.text)), h("p", {}, plain(ask.text.text)),
      h("footer", {},
        h("button", { onclick: () => done(false) }, plain(ask.deny?.text ?? "Cancel")),
        h("button", { class: `style-${ask.style ?? "primary"}`, onclick: () => done(true) }, plain(ask.confirm?.text ?? "Yes"))));
    const done = (answer) => { dialog.close(); dialog.remove(); resolve(answer); };
    dialog.addEventListener("cancel", () => done(false));
    document.body.append(dialog);
    dialog.showModal();
  });
}

async function act(button, node, block, context, more) {
  if (!(await confirmed(node))) return false;
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    return await context.act({ block: block.block_id, action: node.action_id, ...more }, button);
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

const ELEMENTS = {
  button(node, block, context) {
    if (node.url) {
      const made = link(node.url, plain(node.text.text));
      made.className = `button style-${node.style ?? "default"}`;
      made.addEventListener("click", () => context.act({ block: block.block_id, action: node.action_id, value: node.value ?? "" }));
      return made;
    }
    return h("button", {
      type: "button", class: `style-${node.style ?? "default"}`, "aria-label": node.accessibility_label,
      onclick: (event) => act(event.currentTarget, node, block, context, { value: node.value ?? "" }),
    }, plain(node.text.text));
  },
  feedback_buttons(node, block, context) {
    const one = (button, sign) => h("button", {
      type: "button", class: "rating", title: plain(button.text.text), "aria-pressed": "false",
      "aria-label": button.accessibility_label ?? plain(button.text.text),
      onclick: async (event) => {
        const target = event.currentTarget;
        const fine = await act(target, node, block, context, { value: button.value });
        for (const other of target.parentNode.children) other.setAttribute("aria-pressed", String(fine && other === target));
      },
    }, sign);
    return h("span", { class: "ratings" }, one(node.positive_button, icon("up")), one(node.negative_button, icon("down")));
  },
  icon_button: (node, block, context) => h("button", {
    type: "button", class: "rating", "aria-label": node.accessibility_label ?? plain(node.text.text), title: plain(node.text.text),
    onclick: (event) => act(event.currentTarget, node, block, context, { value: node.value ?? "" }),
  }, emojiNamed(node.icon)),
  overflow(node, block, context) {
    const items = h("div", { class: "menu", role: "menu" });
    const made = h("details", { class: "overflow" }, h("summary", { "aria-label": "More actions", title: "More actions" }, "⋯"), items);
    for (const option of node.options) {
      items.append(h("button", {
        type: "button", role: "menuitem",
        onclick: (event) => { made.open = false; act(event.currentTarget, node, block, context, { option: option.value }); },
      }, plain(option.text.text)));
    }
    made.addEventListener("keydown", (event) => { if (event.key === "Escape") { made.open = false; made.firstChild.focus(); } });
    made.addEventListener("focusout", (event) => { if (!made.contains(event.relatedTarget)) made.open = false; });
    return made;
  },
};

function acting(control, node, block, context) {
  if (!context.act || (block.type === "input" && !block.dispatch_action)) return control;
  control.addEventListener("change", () => {
    if (control.value) act(control, node, block, context, { option: control.value });
  });
  return control;
}

const option = (one, initial) => h("option", { value: one.value, selected: initial?.value === one.value }, plain(one.text.text));

function menu(node, block, context, more = {}) {
  const label = plain(node.placeholder?.text ?? "Choose…");
  const control = h("select", { "data-action": node.action_id, "aria-label": label, ...more },
    more.multiple ? null : h("option", { value: "" }, label),
    (node.options ?? []).map((one) => option(one, node.initial_option)),
    (node.option_groups ?? []).map((group) =>
      h("optgroup", { label: plain(group.label.text) }, group.options.map((one) => option(one, node.initial_option)))));
  return acting(control, node, block, context);
}

function choices(node, block, context, type) {
  const chosen = new Set([node.initial_option, ...(node.initial_options ?? [])].filter(Boolean).map((one) => one.value));
  return h("div", { class: "choices", "data-action": node.action_id, "data-many": type === "checkbox" },
    node.options.map((one) => h("label", {},
      acting(h("input", { type, name: block.block_id, value: one.value, checked: chosen.has(one.value) }), node, block, context),
      h("span", {}, mrkdwn(one.text.text, context.names),
        one.description ? h("small", {}, plain(one.description.text)) : null))));
}

const entry = (type) => (node) => h("input", {
  type, "data-action": node.action_id, placeholder: node.placeholder ? plain(node.placeholder.text) : null,
  value: node.initial_value ?? node.initial_date ?? node.initial_time, maxlength: node.max_length, min: node.min_value, max: node.max_value,
});

const FIELDS = {
  plain_text_input: (node, block, context) => node.multiline
    ? h("textarea", { rows: 4, "data-action": node.action_id, maxlength: node.max_length, placeholder: node.placeholder ? plain(node.placeholder.text) : null }, node.initial_value ?? "")
    : entry("text")(node, block, context),
  email_text_input: entry("email"), url_text_input: entry("url"), number_input: entry("number"),
  datepicker: entry("date"), timepicker: entry("time"),
  static_select: menu,
  users_select: (node, block, context) => {
    const options = context.names.people().map((user) => ({ text: { text: user.realName }, value: user.id }));
    return menu({ ...node, options, initial_option: { value: node.initial_user } }, block, context);
  },
  multi_static_select: (node, block, context) => menu(node, block, context, { multiple: true, "data-many": true }),
  radio_buttons: (node, block, context) => choices(node, block, context, "radio"),
  checkboxes: (node, block, context) => choices(node, block, context, "checkbox"),
};

function input(block, context) {
  const control = element(block.element, block, context);
  const id = `field-${block.block_id}`;
  const group = control.classList.contains("choices");
  const name = [plain(block.label.text), block.optional ? h("small", {}, " (optional)") : null];
  if (!group) control.id = id;
  const children = [
    group ? h("legend", {}, name) : h("label", { for: id }, name), control,
    block.hint ? h("small", { class: "hint" }, plain(block.hint.text)) : null,
    h("p", { class: "wrong", "data-error": block.block_id, role: "alert" }),
  ];
  return h(group ? "fieldset" : "div", { class: "b-input" }, children);
}

export function valuesOf(root) {
  const values = {};
  for (const control of root.querySelectorAll("[data-action]")) {
    const name = control.dataset.action;
    if (control.classList.contains("choices")) {
      const checked = [...control.querySelectorAll("input:checked")].map((one) => one.value);
      values[name] = control.hasAttribute("data-many") ? checked : checked[0] ?? "";
    } else if (control.multiple) values[name] = [...control.selectedOptions].map((one) => one.value);
    else values[name] = control.value;
  }
  return values;
}
