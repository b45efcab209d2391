// Calls of the server. An answer that isn't OK is thrown, with its advice.
export class Refused extends Error {
  constructor(status, body) {
    super(body.error ?? `The editor's server answered ${status}.`);
    this.conflict = body.conflict;
  }
}

async function read(sent) {
  let response;
  try {
    response = await sent;
  } catch {
    throw new Refused(0, { error: "The editor's server doesn't answer: is faqbot edit still running?" });
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

export function call(name, asked = {}) {
  return read(fetch(`calls/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(asked),
  }));
}

export function upload(file, chosen = {}) {
  const asked = new URLSearchParams({ name: file.name, ...chosen });
  return read(fetch(`calls/import?${asked}`, { method: "POST", body: file }));
}
