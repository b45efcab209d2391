// Search in the page itself: typing errors and beginnings of words are found too.
(() => {
  const field = document.getElementById("query");
  const found = document.getElementById("found");
  const said = document.getElementById("said");
  if (!field || !window.FAQBOT_INDEX) return;
  document.getElementById("search").hidden = false;
  const engine = new MiniSearch({
    fields: ["title", "more", "text"],
    storeFields: ["title", "text", "link"],
    searchOptions: { boost: { title: 4, more: 3 }, prefix: true, fuzzy: (term) => (term.length > 3 ? 0.25 : false) },
  });
  engine.addAll(window.FAQBOT_INDEX);
  const root = document.documentElement.dataset.root;
  const show = () => {
    const query = field.value.trim();
    const results = query ? engine.search(query).slice(0, 12) : [];
    found.replaceChildren(...results.map((one) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = root + one.link;
      link.textContent = one.title;
      const text = document.createElement("div");
      text.className = "soft";
      text.textContent = one.text.length > 140 ? one.text.slice(0, 140) + " …" : one.text;
      item.append(link, text);
      return item;
    }));
    said.textContent = query ? (results.length ? `${results.length} found` : "Nothing found") : "";
  };
  field.addEventListener("input", show);
  show();
})();
