// Slack's mrkdwn and the markdown block, as DOM nodes.
import { emoji, h, link, unescaped } from "./dom.js";

const INLINE = [
  [/`([^`\n]+)`/, (m) => h("code", {}, unescaped(m[1]))],
  [/<([^<>\n]+)>/, special],
];
const MRKDWN = [
  ...INLINE,
  [/(?<![\w*])\*(?!\s)([^*\n]+?)(?<!\s)\*(?![\w*])/, (m, names) => h("strong", {}, mrkdwnLine(m[1], names))],
  [/(?<![\w_])_(?!\s)([^_\n]+?)(?<!\s)_(?![\w_])/, (m, names) => h("em", {}, mrkdwnLine(m[1], names))],
  [/(?<![\w~])~(?!\s)([^~\n]+?)(?<!\s)~(?![\w~])/, (m, names) => h("s", {}, mrkdwnLine(m[1], names))],
];
const MARKDOWN = [
  [/\\([\\`*_{}[\]()#+.!~>|-])/, (m) => document.createTextNode(m[1])],
  ...INLINE,
  [/\[([^\]\n]+)\]\(([^()\s]+)\)/, (m) => link(m[2], m[1])],
  [/\*\*(?!\s)(.+?)(?<!\s)\*\*/, (m, names) => h("strong", {}, line(m[1], MARKDOWN, names))],
  [/~~(.+?)~~/, (m, names) => h("s", {}, line(m[1], MARKDOWN, names))],
  [/(?<![\w*])\*(?!\s)([^*\n]+?)(?<!\s)\*(?![\w*])/, (m, names) => h("em", {}, line(m[1], MARKDOWN, names))],
  [/(?<![\w_])_(?!\s)([^_\n]+?)(?<!\s)_(?![\w_])/, (m, names) => h("em", {}, line(m[1], MARKDOWN, names))],
];

function special(match, names) {
  const [target, label] = match[1].split("|", 2);
  if (target.startsWith("@")) return h("span", { class: "mention" }, "@" + names.user(target.slice(1)));
  if (target.startsWith("#")) return h("span", { class: "mention" }, "#" + names.channel(target.slice(1)));
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, "@" + names.group(target.split("^")[1]));
  if (target.startsWith("!date^")) return h("time", {}, unescaped(label ?? ""));
  if (target.startsWith("!")) return h("span", { class: "mention" }, "@" + target.slice(1).split("^")[0]);
  if (!/^[a-z]+:/i.test(target)) return document.createTextNode(match[0]);
  return link(unescaped(target), unescaped(label ?? target));
}

// The earliest match of any rule wins; what is between the matches is text.
function line(text, rules, names) {
  const nodes = [];
  let rest = text;
  while (rest) {
    let best = null;
    for (const [pattern, build] of rules) {
      const match = pattern.exec(rest);
      if (match && (!best || match.index < best.match.index)) best = { match, build };
    }
    if (!best) break;
    const before = rest.slice(0, best.match.index);
    if (before) nodes.push(document.createTextNode(emoji(unescaped(before))));
    nodes.push(best.build(best.match, names));
    rest = rest.slice(best.match.index + best.match[0].length);
  }
  if (rest) nodes.push(document.createTextNode(emoji(unescaped(rest))));
  return nodes;
}

function mrkdwnLine(text, names) {
  return line(text, MRKDWN, names);
}

export function mrkdwn(text, names) {
  const nodes = [];
  for (const [index, part] of text.split("```").entries()) {
    if (index % 2) nodes.push(h("pre", {}, unescaped(part.replace(/^\n/, ""))));
    else nodes.push(...mrkdwnLines(part, names));
  }
  return nodes;
}

function mrkdwnLines(text, names) {
  const nodes = [];
  let quote = null;
  const lines = text.split("\n");
  for (const [index, raw] of lines.entries()) {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(raw);
    if (quoted) {
      if (!quote) nodes.push((quote = h("blockquote")));
      else quote.append(h("br"));
      quote.append(...mrkdwnLine(quoted[1], names));
      continue;
    }
    const bullet = /^\s*[•◦▪] ?(.*)$/.exec(raw);
    if (bullet) nodes.push(h("span", { class: "bullet" }, mrkdwnLine(bullet[1], names)));
    else {
      nodes.push(...mrkdwnLine(raw, names));
      if (index < lines.length - 1 && !/^\s*[•◦▪]/.test(lines[index + 1])) nodes.push(h("br"));
      else if (index < lines.length - 1 && raw) nodes.push(h("span", { class: "break" }));
    }
    quote = null;
  }
  return nodes;
}

export function markdown(text, names) {
  const nodes = [];
  const lines = text.split("\n");
  let index = 0;
  const inline = (value) => line(value, MARKDOWN, names);
  const gather = (pattern) => {
    const found = [];
    for (let m; index < lines.length && (m = pattern.exec(lines[index])); index += 1) found.push(m);
    return found;
  };
  while (index < lines.length) {
    const current = lines[index];
    const heading = /^(#{1,6})\s+(.*)$/.exec(current);
    if (!current.trim()) index += 1;
    else if (current.startsWith("```")) {
      const end = lines.findIndex((l, i) => i > index && l.startsWith("```"));
      const stop = end < 0 ? lines.length : end;
      nodes.push(h("pre", {}, lines.slice(index + 1, stop).join("\n")));
      index = stop + 1;
    } else if (heading) {
      nodes.push(h("h" + Math.min(6, heading[1].length + 2), {}, inline(heading[2])));
      index += 1;
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(current)) {
      nodes.push(h("hr"));
      index += 1;
    } else if (ITEM.test(current)) nodes.push(...lists(gather(ITEM), inline));
    else if (/^>/.test(current)) nodes.push(h("blockquote", {}, inline(gather(/^>\s?(.*)$/).map((m) => m[1]).join(" "))));
    else {
      const words = gather(/^(?!\s*[-*+]\s|\s*\d+[.)]\s|#{1,6}\s|>|```)(.*\S.*)$/).map((m) => m[1]);
      if (!words.length) { words.push(current); index += 1; }
      nodes.push(h("p", {}, inline(words.join("\n"))));
    }
  }
  return nodes;
}

const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;

// Items of one run as nested lists; a change of the marker on the top level starts a new list.
function lists(items, inline) {
  const roots = [];
  const stack = [];
  for (const [, indent, marker, text] of items) {
    const tag = /\d/.test(marker) ? "ol" : "ul";
    const depth = indent.length;
    while (stack.length > 1 && depth < stack.at(-1).depth) stack.pop();
    const top = stack.at(-1);
    if (top && depth > top.depth) {
      const inner = h(tag);
      top.list.lastChild.append(inner);
      stack.push({ depth, tag, list: inner });
    } else if (!top || (stack.length === 1 && top.tag !== tag)) {
      const list = h(tag, tag === "ol" && marker !== "1." ? { start: parseInt(marker, 10) } : {});
      roots.push(list);
      stack.splice(0, stack.length, { depth, tag, list });
    }
    stack.at(-1).list.append(h("li", {}, inline(text)));
  }
  return roots;
}

export function plain(text) {
  return emoji(unescaped(text));
}

export function textObject(node, names) {
  if (!node) return [];
  return node.type === "mrkdwn" ? mrkdwn(node.text, names) : [document.createTextNode(plain(node.text))];
}
