// The page's own signs, drawn: a machine without an emoji font shows them too.
const PATHS = {
  bot: "M6 7.5A2.5 2.5 0 0 1 8.5 5h7A2.5 2.5 0 0 1 18 7.5v5a2.5 2.5 0 0 1-2.5 2.5H12l-4 3.5V15a2 2 0 0 1-2-2z",
  eye: "M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.200 12 18.200 2.5 12 2.5 12zM12 14.8a2.8 2.8 0 1 0 0-5.600 2.8 2.8 0 0 0 0 5.600z",
  reply: "M20.5 12a7.5 7.5 0 0 1-11 6.600L4 20l1.400-4.600A7.5 7.5 0 1 1 20.5 12zM9 10.5h7M9 13.5h4.5",
  edit: "M4 20l1-4.500L16 4.500l3.500 3.500L8.500 19zM14 6.500l3.500 3.500",
  up: "M7 10.5v9H4v-9zM7 10.5l4-7c1.600 0 2.5 1.200 2.200 2.700L12.5 9.5H18a2 2 0 0 1 2 2.300l-1 6a2 2 0 0 1-2 1.700H7",
  down: "M17 13.5v-9h3v9zM17 13.5l-4 7c-1.600 0-2.5-1.200-2.200-2.700l.7-3.300H6a2 2 0 0 1-2-2.300l1-6a2 2 0 0 1 2-1.700h10",
  home: "M4 11.5 12 4.5l8 7M6.5 9.5v10h11v-10M10 19.5v-5h4v5",
  below: "M12 5v14M6 13l6 6 6-6",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6 6 18",
  file: "M6 3.5h8l4 4v13H6zM14 3.5v4h4",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `i i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
