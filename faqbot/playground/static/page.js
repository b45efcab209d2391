// The page: what the workspace says arrives whole at every change; only what differs is drawn anew.
import { blocks, valuesOf } from "./blocks.js";
import { emojiNamed, h, unescaped } from "./dom.js";
import { icon } from "./icons.js";
import { mrkdwn, plain } from "./text.js";

const $ = (id) => document.getElementById(id);
const COMMANDS = JSON.parse(document.body.dataset.commands);
const SHORTCUTS = JSON.parse(document.body.dataset.shortcuts);
const BOT = document.body.dataset.bot;
// What Slack's own clients do; the app hears nothing of it.
const INVITE = "/invite";
const OFFERED = [...COMMANDS, [INVITE, `Add @${BOT} to this channel`]];
const NARROW = matchMedia("(max-width: 860px)");

const screen = { person: "", news: null, place: "", tab: "messages", thread: "", seen: {}, drawn: new Map(), modal: "", home: "", unheard: "", greeted: false };
let source = null;

const names = {
  people: () => Object.values(screen.news?.users ?? {}).filter((one) => !one.bot),
  user: (id) => screen.news?.users[id]?.realName ?? id,
  group: (id) => screen.news?.groups[id] ?? id,
  channel: (id) => screen.news?.channels.find((one) => one.id === id)?.name ?? id,
};

// Talking to the workspace

async function ask(what, more = {}) {
  try {
    const answer = await fetch("/page/do", {
      method: "POST", headers: { "content-type": "application/json", "x-faqbot-page": "1" },
      body: JSON.stringify({ do: what, as: screen.person, ...more }),
    });
    const said = await answer.json();
    if (said.error) toast(said.error);
    return { ok: !said.error, errors: said.errors ?? {} };
  } catch {
    toast("The local workspace does not answer. Is it still running?");
    return { ok: false, errors: {} };
  }
}

function toast(text) {
  const note = h("div", { class: "toast" }, h("span", {}, text),
    h("button", { "aria-label": "Dismiss", onclick: () => note.remove() }, icon("close")));
  $("toasts").append(note);
  setTimeout(() => note.remove(), 8000);
}

function listen(person) {
  source?.close();
  Object.assign(screen, { person, news: null, thread: "", modal: "", home: "", tab: "messages" });
  screen.drawn.clear();
  for (const id of ["messages", "thread-messages", "home"]) $(id).replaceChildren();
  source = new EventSource(`/page/news?as=${encodeURIComponent(person)}`);
  source.onmessage = (event) => { screen.news = JSON.parse(event.data); draw(); };
  source.onerror = () => { $("status").textContent = "Connecting…"; };
}

// Drawing

const here = () => screen.news.channels.find((one) => one.id === screen.place);

function draw() {
  if (!here()) enter(screen.news.channels.find((one) => !one.direct).id);
  const channel = here();
  drawPlaces();
  drawTop(channel);
  const home = channel.direct && screen.tab === "home";
  if (home && $("home").hidden) $("scroll").scrollTop = 0;
  $("home").hidden = !home;
  $("messages").hidden = home;
  $("composer-form").hidden = home;
  $("keys").hidden = home;
  drawMessages("messages", "scroll", channel.messages.filter((one) => !one.threadTs), channel);
  drawStatus("status", home ? [] : Object.entries(channel.statuses).filter(([thread]) => thread !== screen.thread), channel);
  drawPrompts(home ? null : channel.prompts);
  drawUnheard(channel);
  greet(channel);
  drawThread(channel);
  drawHome();
  drawModal();
  screen.seen[channel.id] = Number(channel.messages.at(-1)?.ts ?? 0);
}

// The first sight of the page is a question with its answer, where there is room for both.
function greet(channel) {
  if (screen.greeted || screen.thread || NARROW.matches || channel.direct) return;
  const asked = channel.messages.find((one) => !one.threadTs && one.user !== screen.news.me
    && channel.messages.some((reply) => reply.threadTs === one.ts));
  if (!asked) return;
  screen.greeted = true;
  screen.thread = asked.ts;
}

function showMenu(shown) {
  document.body.classList.toggle("with-menu", shown);
  $("menu").setAttribute("aria-expanded", String(shown));
}

function enter(id, tab = "messages") {
  const changed = screen.place !== id;
  Object.assign(screen, { place: id, tab });
  if (changed) {
    screen.thread = "";
    screen.drawn.clear();
    $("messages").replaceChildren();
    $("thread-messages").replaceChildren();
  }
}

function go(id, tab = "messages") {
  screen.greeted = true;
  screen.unheard = "";
  enter(id, tab);
  showMenu(false);
  draw();
  if (here().direct) ask(tab === "home" ? "open_home" : "open_dm");
  // On a phone the keyboard would hide what was just opened.
  if (tab === "messages" && !NARROW.matches) $("composer").focus();
}

function drawPlaces() {
  const place = (channel, label, sign, tab) => {
    const current = screen.place === channel.id && (!channel.direct || screen.tab === tab);
    const unread = !current && tab === "messages" && screen.seen[channel.id] !== undefined
      && channel.messages.some((one) => Number(one.ts) > screen.seen[channel.id] && one.user !== screen.news.me);
    return h("button", {
      class: `place${unread ? " unread" : ""}`, "aria-current": current ? "page" : null,
      onclick: () => go(channel.id, tab),
    }, h("span", { class: "sign", "aria-hidden": "true" }, sign), label, unread ? h("span", { class: "dot" }, h("span", { class: "hidden" }, " (unread)")) : null);
  };
  for (const one of screen.news.channels) screen.seen[one.id] ??= Number(one.messages.at(-1)?.ts ?? 0);
  const direct = screen.news.channels.find((one) => one.direct);
  const key = JSON.stringify([screen.place, screen.tab, screen.seen, screen.news.channels.map((one) => [one.id, one.messages.length])]);
  if ($("places").dataset.key === key) return;
  $("places").dataset.key = key;
  const focused = [...$("places").querySelectorAll("button")].indexOf(document.activeElement);
  $("places").replaceChildren(
    h("h2", {}, "Channels"),
    ...screen.news.channels.filter((one) => !one.direct).map((one) => place(one, one.name, "#", "messages")),
    h("h2", {}, "Direct messages"), place(direct, BOT, avatar(screen.news.users[screen.news.bot]), "messages"),
    h("h2", {}, "Apps"), place(direct, `${BOT} Home`, icon("home"), "home"));
  if (focused >= 0) $("places").querySelectorAll("button")[focused]?.focus();
}

function drawTop(channel) {
  $("title").textContent = channel.direct ? BOT : `# ${channel.name}`;
  const absent = !channel.direct && !channel.hasBot;
  $("topic").textContent = channel.direct ? "App" : absent ? `${BOT} isn’t in this channel` : channel.topic;
  $("invite").hidden = !absent;
  document.title = `${channel.direct ? BOT : "#" + channel.name} · Local workspace`;
  const key = `${channel.id} ${screen.tab}`;
  if ($("tabs").dataset.key !== key) {
    $("tabs").dataset.key = key;
    $("tabs").replaceChildren(...(channel.direct ? ["home", "messages"] : []).map((tab) =>
      h("button", { role: "tab", "aria-selected": String(screen.tab === tab), onclick: () => go(channel.id, tab) }, tab === "home" ? "Home" : "Messages")));
  }
  const hint = channel.direct ? `Ask ${BOT} about a role` : channel.hasBot ? `Ask @${BOT}, or write to #${channel.name}` : `Message #${channel.name}`;
  $("composer").placeholder = hint;
  $("composer").setAttribute("aria-label", hint);
}

function avatar(user) {
  const initials = (user?.realName ?? "?").split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
  const tone = [...(user?.id ?? "")].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 6;
  return h("span", { class: `avatar ${user?.bot ? "bot" : "tone-" + tone}`, "aria-hidden": "true" }, user?.bot ? icon("bot") : initials);
}

function drawMessages(listId, scrollId, messages, channel) {
  const list = $(listId), scroll = $(scrollId);
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const wanted = [];
  let previous = null, fresh = false, mine = false;
  for (const message of messages) {
    const replies = listId === "messages" ? channel.messages.filter((one) => one.threadTs === message.ts) : [];
    const follows = Boolean(previous && previous.user === message.user && !previous.private && !message.private
      && message.ts - previous.ts < 120 && !replies.length);
    const key = JSON.stringify([message, replies.map((one) => one.ts), replies.at(-1)?.text, follows]);
    const kept = screen.drawn.get(`${listId} ${message.ts}`);
    if (kept && (kept.key === key || kept.node.querySelector(".editing"))) wanted.push(kept.node);
    else {
      const node = drawMessage(message, replies, follows, channel);
      screen.drawn.set(`${listId} ${message.ts}`, { key, node });
      wanted.push(node);
      fresh = true;
      mine ||= !kept && (message.user === screen.news.me || message.private);
    }
    previous = replies.length ? null : message;
  }
  if (!wanted.length) wanted.push(empty(channel));
  const same = list.children.length === wanted.length && wanted.every((node, index) => list.children[index] === node);
  if (!same) {
    const wantedSet = new Set(wanted);
    for (const child of [...list.children]) if (!wantedSet.has(child)) child.remove();
    wanted.forEach((node, index) => { if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null); });
  }
  if (list.offsetParent === null && listId === "messages") return; // App Home is shown in its place
  if (mine || (fresh && atEnd) || list.dataset.for !== `${channel.id} ${screen.thread}`) toEnd(scroll, wanted);
  list.dataset.for = `${channel.id} ${screen.thread}`;
}

// The newest message in full, or its beginning when it is longer than the pane. A question stays above its first answer.
function toEnd(scroll, shown) {
  const first = shown.at(-1), question = scroll.id === "thread-scroll" && shown.length === 2;
  scroll.scrollTop = question ? 0 : scroll.scrollHeight;
  if (!question && first.offsetHeight > scroll.clientHeight) first.scrollIntoView({ block: "start" });
  measure(scroll);
}

// Whether there is more below, which a pane without a scroll bar wouldn't show.
function measure(scroll) {
  const left = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight;
  scroll.atEnd = left < 8;
  scroll.classList.toggle("has-more", left > 24);
  scroll.more.hidden = left <= 24;
  scroll.size = sizeOf(scroll);
}

const sizeOf = (scroll) => `${scroll.scrollHeight} ${scroll.clientHeight}`;

function watch(scroll) {
  scroll.more = h("div", { class: "more", hidden: true },
    h("button", { type: "button", onclick: () => { scroll.scrollTop += scroll.clientHeight * .9; } }, icon("below"), "More below"));
  scroll.after(scroll.more);
  // A scroll that comes with another size is nobody's: the observer below hears of that size next.
  scroll.addEventListener("scroll", () => { if (scroll.size === sizeOf(scroll)) measure(scroll); }, { passive: true });
  const sized = new ResizeObserver(() => {
    // What was at its end stays there when the pane becomes smaller, as beside an open thread.
    if (scroll.atEnd && $("home").hidden) scroll.scrollTop = scroll.scrollHeight;
    measure(scroll);
  });
  sized.observe(scroll);
  for (const inner of scroll.children) sized.observe(inner);
}

function empty(channel) {
  const say = channel.direct
    ? `This is your conversation with ${BOT}. Ask about a role, or type / for the commands.`
    : `This is the beginning of #${channel.name}.` + (channel.hasBot ? ` Ask with a mention: “@${BOT} what skills does a data analyst need?”` : "");
  return h("p", { class: "empty" }, say);
}

function drawMessage(message, replies, follows, channel) {
  const user = screen.news.users[message.user] ?? { id: message.user, realName: "Another app", bot: true };
  const time = new Date(Number(message.ts) * 1000);
  const context = { names, act: (more) => act({ channel: channel.id, ts: message.ts }, more, node) };
  const body = message.blocks.length ? blocks(message.blocks, context) : h("div", { class: "b-section" }, h("div", { class: "b-text" }, mrkdwn(message.text, names)));
  const clock = h("time", { datetime: time.toISOString(), title: time.toLocaleString() }, time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  const node = h("article", { class: `message${message.private ? " private" : ""}${follows ? " follows" : ""}`, "data-ts": message.ts, "aria-label": `${user.realName} at ${clock.textContent}` },
    follows ? h("span", { class: "gutter" }) : avatar(user),
    h("div", { class: "body" },
      message.private ? h("p", { class: "only" }, icon("eye"), "Only visible to you") : null,
      follows ? null : h("p", { class: "who" }, h("strong", {}, user.realName), user.bot ? h("span", { class: "badge" }, "APP") : user.guest ? h("span", { class: "badge" }, "GUEST") : null, clock),
      h("div", { class: "blocks" }, body),
      message.edited ? h("small", { class: "edited" }, "(edited)") : null,
      message.attachments.map((one) => one.files.length ? one.files.map(fileLink) : h("p", { class: "file" }, icon("file"), one.title)),
      message.reactions.length ? h("p", { class: "reactions" }, message.reactions.map((name) => h("span", {}, emojiNamed(name)))) : null,
      replies.length ? h("button", { class: "replies", onclick: () => openThread(message.ts) },
        h("strong", {}, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`),
        h("span", { class: "preview" }, ` ${preview(replies.at(-1))}`)) : null),
    tools(message, channel, () => edit(node, message, channel)));
  return node;
}

function tools(message, channel, onedit) {
  const mine = message.user === screen.news.me && !message.private;
  const first = !message.private && !message.threadTs;
  const found = [
    first ? h("button", { "aria-label": "Reply in thread", title: "Reply in thread", onclick: () => openThread(message.ts) }, icon("reply")) : null,
    mine ? h("button", { class: "edit", "aria-label": "Edit", title: "Edit", onclick: onedit }, icon("edit")) : null,
    first ? SHORTCUTS.map(([id, title]) => h("button", { title, onclick: () => ask("shortcut", { channel: channel.id, ts: message.ts, shortcut: id }) }, title)) : null,
  ].flat().filter(Boolean);
  return found.length ? h("div", { class: "tools" }, found) : null;
}

// A message as its author typed it, in a box in its place.
function edit(node, message, channel) {
  const body = node.querySelector(".blocks");
  const before = unescaped(message.text.replace(/<@([^>|]+)[^>]*>/g, (_, id) => `@${screen.news.users[id]?.name ?? id}`));
  const box = h("textarea", { rows: 1, "aria-label": "Edit your message" });
  const drawn = [...body.childNodes];
  const end = () => { body.replaceChildren(...drawn); body.classList.remove("editing"); draw(); $("composer").focus(); };
  const save = async () => {
    const text = box.value.trim();
    if (!text) return toast("A message can’t be empty.");
    if (text === before || (await ask("edit", { channel: channel.id, ts: message.ts, text })).ok) end();
  };
  const form = h("form", { class: "edit-form", onsubmit: (event) => { event.preventDefault(); save(); } }, box,
    h("div", { class: "b-actions" }, h("button", { type: "button", onclick: end }, "Cancel"), h("button", { class: "style-primary" }, "Save")));
  box.value = before;
  box.addEventListener("input", () => grow(box));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); end(); }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); save(); }
  });
  body.classList.add("editing");
  body.replaceChildren(form);
  grow(box);
  box.focus();
}

function fileLink(file) {
  return h("a", { class: "file", href: `/page/files/${encodeURIComponent(file.id)}`, target: "_blank", rel: "noopener" }, icon("file"), file.title);
}

function preview(message) {
  const name = names.user(message.user);
  const text = h("span", {}, mrkdwn(message.text.split("\n")[0], names)).textContent;
  return `${name}: ${text}`;
}

async function act(where, more, root) {
  return (await ask("act", { ...where, ...more, values: valuesOf(root) })).ok;
}

function drawStatus(id, statuses, channel) {
  const text = statuses.length ? `${BOT} ${statuses[0][1]}` : "";
  if ($(id).textContent !== text) $(id).textContent = text;
}

function drawPrompts(prompts) {
  const key = JSON.stringify([screen.place, prompts]);
  if ($("prompts").dataset.key === key) return;
  $("prompts").dataset.key = key;
  $("prompts").replaceChildren(
    ...(prompts?.title ? [h("p", {}, prompts.title)] : []),
    ...(prompts?.prompts ?? []).map((prompt) =>
      h("button", { onclick: () => { screen.greeted = true; ask("say", { channel: screen.place, text: prompt.message }); } }, prompt.title)));
}

function drawUnheard(channel) {
  const shown = screen.unheard === channel.id && !channel.hasBot;
  $("unheard").hidden = !shown;
  if (!shown || $("unheard").childElementCount) return;
  $("unheard").replaceChildren(
    h("p", {}, `${BOT} isn’t in #${channel.name}, so it didn’t see your message.`),
    h("button", { class: "style-primary", onclick: () => invite() }, `Invite ${BOT}`),
    h("button", { onclick: () => { screen.unheard = ""; draw(); $("composer").focus(); } }, "Do nothing"));
}

async function invite() {
  const { ok } = await ask("invite", { channel: screen.place });
  screen.unheard = "";
  $("unheard").replaceChildren();
  if (ok) toast(`${BOT} was added to #${here().name}: mention it to ask.`);
  $("composer").focus();
}

function openThread(ts) {
  screen.greeted = true;
  screen.thread = ts;
  draw();
  $("thread-composer").focus();
}

function drawThread(channel) {
  const parent = channel.messages.find((one) => one.ts === screen.thread);
  $("thread").hidden = !parent || screen.tab === "home";
  document.body.classList.toggle("with-thread", !$("thread").hidden);
  if (!parent) return;
  drawMessages("thread-messages", "thread-scroll", [parent, ...channel.messages.filter((one) => one.threadTs === parent.ts)], channel);
  drawStatus("thread-status", Object.entries(channel.statuses).filter(([thread]) => thread === parent.ts), channel);
}

function drawHome() {
  const view = screen.news.home;
  const key = view ? `${view.id} ${view.hash}` : "none";
  if (screen.home === key) return;
  screen.home = key;
  const context = { names, act: async (more) => act({ view: view.id }, more, $("home")) };
  $("home").replaceChildren(...(view ? blocks(view.blocks, context) : [h("p", { class: "empty" }, `${BOT} shows nothing here yet.`)]));
}

// Modals

function drawModal() {
  const view = screen.news.modal, dialog = $("modal");
  const key = view ? `${view.id} ${view.hash}` : "";
  if (screen.modal === key) return;
  screen.modal = key;
  if (!view) { dialog.close(); return; }
  const context = { names, act: (more) => act({ view: view.id }, more, dialog) };
  const form = h("form", { class: "form", onsubmit: (event) => { event.preventDefault(); submit(view, form); } },
    h("header", {}, h("h2", { id: "modal-title" }, plain(view.title.text)),
      h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => leave(true) }, icon("close"))),
    h("div", { class: "fields" }, blocks(view.blocks, context)),
    h("footer", {},
      h("button", { type: "button", onclick: () => leave(false) }, plain(view.close?.text ?? (screen.news.modals > 1 ? "Back" : "Close"))),
      view.submit ? h("button", { class: "style-primary" }, plain(view.submit.text)) : null));
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
  form.querySelector(".fields input, .fields textarea, .fields select, .fields button")?.focus();
}

async function submit(view, form) {
  const button = form.querySelector("footer .style-primary");
  if (!button) return;
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  const { errors } = await ask("submit", { view: view.id, values: valuesOf(form) });
  button.disabled = false;
  button.removeAttribute("aria-busy");
  for (const place of form.querySelectorAll("[data-error]")) place.textContent = errors[place.dataset.error] ?? "";
  form.querySelector(".wrong:not(:empty)")?.parentElement.querySelector("input, textarea, select")?.focus();
}

function leave(everything) {
  if (screen.news.modal) ask("close", { view: screen.news.modal.id, everything });
}

$("modal").addEventListener("cancel", (event) => { event.preventDefault(); leave(true); });

// Composers

function grow(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 240)}px`;
}

async function send(box, thread) {
  const text = box.value.trim();
  if (!text) return;
  const command = /^(\/[a-z][\w-]*)\s*([\s\S]*)$/i.exec(text);
  if (command && thread) return toast(`${command[1]} is not supported in threads. Sorry!`);
  if (command?.[1] === INVITE) {
    const whom = command[2].trim().replace(/^@/, "");
    if (here().direct) return toast(`${INVITE} works in channels.`);
    if (whom && whom !== BOT) return toast(`Only @${BOT} can be invited here.`);
    if (here().hasBot) return toast(`${BOT} is in #${here().name} already.`);
  } else if (command && !COMMANDS.some(([name]) => name === command[1])) return toast(`${command[1]} is not a valid command.`);
  box.value = "";
  grow(box);
  complete();
  $("scroll").scrollTop = $("scroll").scrollHeight;
  screen.greeted = true;
  if (command?.[1] === INVITE) await invite();
  else if (command) await ask("command", { channel: screen.place, command: command[1], text: command[2] });
  else {
    const heard = here().direct || here().hasBot || !new RegExp(`@${BOT}\\b`, "i").test(text);
    if (!heard) screen.unheard = screen.place;
    $("unheard").replaceChildren();
    await ask("say", { channel: screen.place, text, thread });
  }
}

function compose(formId, boxId, thread) {
  const box = $(boxId);
  $(formId).addEventListener("submit", (event) => { event.preventDefault(); send(box, thread()); });
  box.addEventListener("input", () => { grow(box); if (boxId === "composer") complete(); });
  box.addEventListener("keydown", (event) => {
    if (boxId === "composer" && completing(event)) return;
    if (event.key === "ArrowUp" && !box.value) {
      const own = [...$(boxId === "composer" ? "messages" : "thread-messages").querySelectorAll(".tools .edit")].at(-1);
      if (own) { event.preventDefault(); own.click(); }
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(box, thread()); }
  });
}

const completion = { picked: 0, found: [] };

function complete() {
  const box = $("composer"), list = $("completion");
  completion.found = /^\/\S*$/.test(box.value) ? OFFERED.filter(([name]) => name.startsWith(box.value)) : [];
  completion.picked = Math.min(completion.picked, Math.max(0, completion.found.length - 1));
  list.hidden = !completion.found.length;
  if (list.hidden) box.removeAttribute("aria-activedescendant");
  else box.setAttribute("aria-activedescendant", `command-${completion.picked}`);
  list.replaceChildren(...completion.found.map(([name, about], index) =>
    h("li", { id: `command-${index}`, role: "option", "aria-selected": String(index === completion.picked), onmousedown: (event) => { event.preventDefault(); take(name); } },
      h("strong", {}, name), h("span", {}, about))));
}

function take(name) {
  $("composer").value = `${name} `;
  complete();
  $("composer").focus();
}

function completing(event) {
  if ($("completion").hidden) return false;
  const { found } = completion;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) completion.picked = (completion.picked + step + found.length) % found.length;
  else if (event.key === "Tab" || (event.key === "Enter" && found[completion.picked][0] !== $("composer").value)) take(found[completion.picked][0]);
  else if (event.key === "Escape") $("completion").hidden = true;
  else return false;
  event.preventDefault();
  if (step) complete();
  return true;
}

for (const id of ["scroll", "thread-scroll"]) watch($(id));
compose("composer-form", "composer", () => "");
compose("thread-form", "thread-composer", () => screen.thread);
$("invite").addEventListener("click", invite);
$("menu").replaceChildren(icon("menu"));
$("menu").addEventListener("click", () => showMenu(true));
$("shade").addEventListener("click", () => showMenu(false));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("with-menu")) { showMenu(false); $("menu").focus(); }
});
$("thread-close").replaceChildren(icon("close"));
$("thread-close").addEventListener("click", () => { screen.thread = ""; draw(); $("composer").focus(); });
$("thread").addEventListener("keydown", (event) => { if (event.key === "Escape") $("thread-close").click(); });
$("persona").addEventListener("change", (event) => { screen.place = ""; screen.seen = {}; showMenu(false); listen(event.target.value); });
listen($("persona").value);
