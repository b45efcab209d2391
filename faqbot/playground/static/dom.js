// Builds elements; text always becomes a text node, so nothing that a user wrote is ever parsed.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== ""));
  return element;
}

const SAFE = /^(https?:|mailto:)/i;

export function link(url, label) {
  if (!SAFE.test(url)) return document.createTextNode(label || url);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label || url);
}

export function unescaped(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

const EMOJI = {
  "+1": "👍", "-1": "👎", thumbsup: "👍", thumbsdown: "👎", wave: "👋", mag: "🔍", tada: "🎉",
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", bulb: "💡", books: "📚",
  book: "📖", memo: "📝", hourglass: "⌛", hourglass_flowing_sand: "⏳", star: "⭐", eyes: "👀",
  briefcase: "💼", computer: "💻", robot_face: "🤖", speech_balloon: "💬", lock: "🔒", rocket: "🚀",
  question: "❓", information_source: "ℹ️", calendar: "📅", smile: "😄", slightly_smiling_face: "🙂",
  thinking_face: "🤔", point_right: "👉", sparkles: "✨", house: "🏠", mortar_board: "🎓",
  arrow_right: "➡️", arrow_left: "⬅️", trash: "🗑️", wastebasket: "🗑️", bar_chart: "📊", wrench: "🔧",
};

export function emoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

export function emojiNamed(name) {
  return EMOJI[name] ?? `:${name}:`;
}
