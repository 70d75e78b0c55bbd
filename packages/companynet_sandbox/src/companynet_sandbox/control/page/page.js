// The control page. Whatever comes from the books is put in as text, never as markup.

const ZONE = "Europe/Warsaw";
const PAGE = 50;
const FINAL = new Set(["REALIZED", "DENIED", "REALIZ_AND_COND", "DELETED"]);
const EVERY = 2000; // milliseconds between two looks at the calls

const main = document.getElementById("main");
let leave = []; // what the section shown wants done when it is left
let shown = 0; // counts sections shown, so that a late answer for an earlier one is dropped

// -- small tools ------------------------------------------------------------------------------------------------

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

async function api(path, body) {
  let answer;
  try {
    answer = await fetch(path, body === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
  } catch {
    throw new Error("The bank does not answer. Is it still running?");
  }
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.error);
  return value;
}

const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "")).toString();

const form = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, dateStyle: "short", timeStyle: "medium" });
const moment = (text) => (text ? h("time", { datetime: text }, form.format(new Date(text))) : "");

function money(text, currency = "") {
  const [whole, part] = text.split(".");
  const grouped = `${whole.replace(/\B(?=(\d{3})+$)/g, "\u00a0")}.${part}`;
  return h("span", { class: text.startsWith("-") ? "minus" : null }, currency ? `${grouped} ${currency}` : grouped);
}

const nrb = (text) => (/^\d{26}$/.test(text) ? `${text.slice(0, 2)} ${text.slice(2).replace(/(\d{4})(?=\d)/g, "$1 ")}` : text);

// Card numbers are in entries in full; they are shown without their middle.
const CARD = /(?<!\d[ -]?)(\d{4})[ -]?\d{4}[ -]?\d{4}[ -]?(\d{4})(?![ -]?\d)/g;
const masked = (text) => text.replace(CARD, "$1 •••• •••• $2").replace(/^CC(\d{4})\d{10}$/, "CC$1••••••••••");

function state(text) {
  const kind = ["REALIZED", "OK", "active", "registered"].includes(text) ? "good" : ["DENIED", "DELETED", "revoked"].includes(text) ? "bad" : "";
  return h("span", { class: `state ${kind}` }, text);
}

// heads: "text", or "text>" for a column of figures
function table(heads, rows) {
  const names = heads.map((head) => head.replace(/>$/, ""));
  const figure = heads.map((head) => head.endsWith(">"));
  const body = h("tbody", {}, rows.map((row) => line(names, figure, row)));
  const made = h("table", {}, h("thead", {}, h("tr", {}, names.map((name, at) => h("th", { scope: "col", class: figure[at] ? "number" : null }, name)))), body);
  made.add = (more) => body.append(...more.map((row) => line(names, figure, row)));
  made.replace = (all) => body.replaceChildren(...all.map((row) => line(names, figure, row)));
  return made;
}

const line = (names, figure, row) => h("tr", {}, row.map((cell, at) => h("td", { "data-label": names[at], class: figure[at] ? "number" : null }, h("div", {}, cell))));

const empty = (...text) => h("p", { class: "empty" }, ...text);
const code = (text) => h("code", {}, text);

function field(label, input, wide = false) {
  return h("label", { class: wide ? "wide" : null }, label, input);
}

function choice(name, values, labels = {}) {
  return h("select", { name }, values.map((value) => h("option", { value }, labels[value] ?? value)));
}

// A button that does something at the bank. What the API says against it appears beside the button.
function action(label, path, body, done, kind = "") {
  const said = h("output", { "aria-live": "polite" });
  const button = h("button", { type: "button", class: kind }, label);
  button.addEventListener("click", () => carryOut(button, said, () => api(path, typeof body === "function" ? body() : body), done));
  return h("span", { class: "row" }, button, said);
}

async function carryOut(button, said, work, done) {
  button.disabled = true;
  said.className = "";
  said.textContent = "";
  try {
    await done(await work());
  } catch (error) {
    said.className = "bad";
    said.textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

// A form whose button does something at the bank.
function tool(label, fields, work, done, kind = "main") {
  const said = h("output", { "aria-live": "polite" });
  const button = h("button", { class: kind }, label);
  const made = h("form", {}, fields, button, said);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    carryOut(button, said, () => work(new FormData(made)), (value) => done(value, made, said));
  });
  return made;
}

// Rows in pages: `load(after)` gives the next ones, `show(rows, first)` puts them on the page.
function paged(load, show, idOf, label, size = PAGE) {
  let last = "";
  const button = h("button", { type: "button" }, label);
  const said = h("output", { "aria-live": "polite" });
  const more = h("p", { class: "row", hidden: true }, button, said);
  const next = async () => {
    const rows = await load(last);
    show(rows, last === "");
    if (rows.length) last = idOf(rows.at(-1));
    more.hidden = rows.length < size;
  };
  button.addEventListener("click", () => carryOut(button, said, next, () => {}));
  return { more, next };
}

function tell(text) {
  const place = document.getElementById("told");
  if (place) place.textContent = text;
}

// -- accounts and their books -----------------------------------------------------------------------------------

async function accounts() {
  const customers = await api("directory");
  if (!customers.length) {
    return [empty("These books have no customers. Stop the bank and make some with ", code("companynet-sandbox init --dir D --demo"), " or ", code("companynet-sandbox generate --dir D --accounts 10 --entries 100 --days 5 --seed 1"), ".")];
  }
  return Promise.all(customers.map(async (customer) => {
    const list = table(["account (rachunek)", "balance (saldo)>", "last statement", ""], []);
    const pages = paged(
      (after) => api(`accounts?${query({ dik: customer.dik, after, limit: PAGE })}`),
      (rows) => list.add(rows.map((row) => [
        h("a", { class: "account", href: `#book/${row.account}` }, nrb(row.account)),
        money(row.balance, row.currency),
        row.stated_through ?? "",
        row.closed ? h("span", { class: "state bad" }, "closed") : "",
      ])),
      (row) => row.account, "More accounts");
    await pages.next();
    return h("section", { class: "card" }, h("h2", {}, customer.name), h("p", { class: "faint small" }, `DIK ${customer.dik} · ${customer.address} · ${customer.accounts} ${customer.accounts === 1 ? "account" : "accounts"}`),
      customer.accounts ? list : empty("This customer has no accounts."), pages.more);
  }));
}

async function book(account) {
  const days = h("div");
  const pages = paged(
    (after) => api(`days?${query({ account, after: after || afterOf(go.elements.day.value), limit: PAGE })}`),
    (rows, first) => {
      if (first) days.replaceChildren();
      if (first && !rows.length) days.append(empty("No entries here. Book an incoming transfer with the form above, or let orders be carried out."));
      days.append(...rows.map((row) => oneDay(account, row)));
      if (first && rows.length) days.firstChild.open = true;
    },
    (row) => row.day, "Earlier days");
  const restart = () => show(`book/${account}/${go.elements.day.value}`);
  const go = tool("Show", [field("Days up to", h("input", { type: "date", name: "day", value: location.hash.split("/")[2] ?? "" }))], async () => {}, restart, "");
  const incoming = h("details", { class: "card" }, h("summary", {}, "Book an incoming transfer"),
    tool("Book it", [
      field("Amount", h("input", { name: "amount", inputmode: "decimal", required: true, placeholder: "123.00" })),
      field("From (name)", h("input", { name: "debtor_name", required: true }), true),
      field("From (account)", h("input", { name: "debtor_account" }), true),
      field("Title (tytuł)", h("input", { name: "title" }), true),
    ], (values) => api("incoming", { account, ...Object.fromEntries(values) }), async (_value, _form) => {
      await show();
      tell("Booked.");
    }));
  await pages.next();
  return [h("p", {}, h("a", { href: "#accounts" }, "← All accounts")), incoming, go, h("section", { class: "card" }, days, pages.more)];
}

// Days before this one are shown, so the day asked for needs the one after it.
function afterOf(day) {
  if (!day) return "";
  const next = new Date(`${day}T12:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

function oneDay(account, day) {
  const figure = (label, value) => h("span", { class: "figure number" }, h("span", {}, label), money(value));
  const place = h("div");
  const made = h("details", { class: "day" }, h("summary", {}, h("span", { class: "when" }, day.day), h("span", { class: "faint" }, `${day.entries} ${day.entries === 1 ? "entry" : "entries"}`), figure("in", day.credits), figure("out", day.debits), figure("closing", day.closing)), place);
  made.addEventListener("toggle", async () => {
    if (!made.open || place.firstChild) return;
    const list = table(["amount>", "what", "references"], []);
    const pages = paged(
      (after) => api(`entries?${query({ account, day: day.day, order: "newest", after, limit: PAGE })}`),
      (rows) => list.add(rows.map(entry)),
      (row) => String(row.id), "More entries of this day");
    place.append(list, pages.more);
    try {
      await pages.next();
    } catch (error) {
      place.replaceChildren(h("output", { class: "bad" }, error.message));
    }
  });
  return made;
}

function entry(row) {
  const [, ...segments] = row.information.split("; ").filter((part) => !part.startsWith("TNR:"));
  const parts = segments.map((part) => {
    const [, label, value] = /^([^:]{1,20}): (.*)$/s.exec(part) ?? [null, "", part];
    return h("li", {}, label ? h("span", {}, label) : null, /RACH/.test(label) ? nrb(value) : masked(value));
  });
  return [
    money(row.amount),
    [h("strong", {}, `${row.code} ${row.code_name}`), row.reversal ? h("span", { class: "state" }, "reversal") : null, h("ul", { class: "parts" }, parts)],
    h("ul", { class: "parts small references" }, [["value date", row.valued], ["bank", masked(row.bank_reference)], ["customer", masked(row.customer_reference)], ["TNR", row.tnr]].filter(([, value]) => value).map(([label, value]) => h("li", {}, h("span", {}, label), value))),
  ];
}

// -- orders -----------------------------------------------------------------------------------------------------

async function orders(...parts) {
  const [status, group] = [parts[0] ?? "", decodeURIComponent(parts[1] ?? "")];
  const choices = await api("choices");
  const states = [...new Set(["", ...choices.order_states, status])];
  const filter = tool("Filter", [
    field("State", choice("status", states, { "": "all states" })),
    field("Group (bank's or customer's id)", h("input", { name: "group", value: group }), true),
  ], async (values) => values, (values) => show(`orders/${values.get("status")}/${encodeURIComponent(values.get("group").trim())}`), "");
  filter.elements.status.value = status;
  const again = async (text) => {
    await show();
    tell(text);
  };
  const all = h("div", { class: "row" },
    action("Book now", "book", {}, (value) => again(`Carried out: ${value.realized}, denied: ${value.denied}, waiting: ${value.waiting}.`), "main"),
    action("Authorise all", "authorise", { all: true }, (value) => again(`Authorised: ${value.authorised}.`)));
  const list = h("div");
  const pages = paged(
    (after) => api(`orders?${query({ status, group, order: "newest", after, limit: 20 })}`),
    (rows, first) => {
      if (first && !rows.length) list.append(status || group ? empty("No order fits the filter.") : empty("No orders yet. A client sends them with ", code("universalPaymentSend"), "; then they wait here to be authorised."));
      list.append(...rows.map((row) => orderGroup(row, again)));
    },
    (row) => row.group_id, "Earlier groups", 20);
  await pages.next();
  return [filter, all, list, pages.more];
}

function orderGroup(group, again) {
  const reason = h("input", { value: "Odmowa banku" });
  const open = group.orders.some((order) => !FINAL.has(order.status));
  const buttons = open ? h("div", { class: "row" },
    action("Authorise", "authorise", { group_id: group.group_id }, (value) => again(`Authorised: ${value.authorised} of ${group.group_id}.`), "main"),
    field("Reason (powód)", reason),
    action("Deny", "deny", () => ({ group_id: group.group_id, reason: reason.value }), (value) => again(`Denied: ${value.denied} of ${group.group_id}.`), "harm")) : null;
  return h("section", { class: "card" },
    h("h2", {}, `Group ${group.group_id}`),
    h("p", { class: "faint small" }, `customer's id ${group.client_order_group_id} · DIK ${group.dik} · user ${group.user} · ${group.file_name} · sent `, moment(group.created)),
    buttons,
    table(["order", "payee (odbiorca)", "amount>", "day", "state"], group.orders.map((order) => [
      order.end_to_end_id,
      [h("div", {}, order.creditor_name), h("div", { class: "account small" }, nrb(order.creditor_account)), h("div", { class: "faint small" }, order.title)],
      money(order.amount, order.currency),
      order.execution_date,
      [state(order.status), order.description ? h("div", { class: "small" }, order.description) : null,
        h("details", { class: "small" }, h("summary", {}, "history"), h("ul", { class: "parts" }, order.history.map((item) => h("li", {}, h("span", {}, moment(item.at)), item.status, item.description ? ` – ${item.description}` : ""))))],
    ])));
}

// -- sessions, certificates -------------------------------------------------------------------------------------

async function sessions() {
  const [rows, time] = await Promise.all([api("sessions"), api("clock")]);
  if (!rows.length) return [empty("No long-lived sessions (sesje długotrwałe). A user makes one by signing: ", code("createBackgroundSessionWithSignature"), ". Register the certificate under Certificates first.")];
  const made = table(["session", "user", "DIK", "made", "ends", "state", ""], rows.reverse().map((row) => {
    const active = !row.ended && new Date(row.end_time) > new Date(time.now);
    return [
      String(row.session_id),
      [h("div", {}, row.user), h("div", { class: "faint small" }, row.certificate)],
      Object.entries(row.permissions).map(([dik, names]) => h("details", {}, h("summary", {}, dik), h("div", { class: "small" }, names.join(", ")))),
      moment(row.created), moment(row.end_time),
      row.ended ? [state("ended"), h("div", { class: "small" }, `by ${row.ended_by}, `, moment(row.ended))] : state(active ? "active" : "expired"),
      active ? action("End as the bank", "sessions/end", { session_id: row.session_id }, async () => {
        await show();
        tell(`Session ${row.session_id} has ended.`);
      }, "harm") : "",
    ];
  }));
  return [h("section", { class: "card" }, made)];
}

async function certificates() {
  const users = await api("users");
  if (!users.length) return [empty("The bank has no users, so nobody to register a certificate for. ", code("companynet-sandbox init --demo"), " makes some.")];
  const pem = h("textarea", { name: "certificate_pem", required: true, spellcheck: "false", placeholder: "-----BEGIN CERTIFICATE-----" });
  const file = h("input", { type: "file", accept: ".pem,.crt,.cer" });
  file.addEventListener("change", async () => {
    if (file.files[0]) pem.value = await file.files[0].text();
  });
  const register = h("details", { class: "card" }, h("summary", {}, "Register a certificate"), tool("Register", [
    field("User", choice("user", users.map((user) => user.user), Object.fromEntries(users.map((user) => [user.user, `${user.user} – ${user.name}`])))),
    field("File", file), field("Certificate (PEM)", pem, true),
  ], (values) => api("certificates", { user: values.get("user"), certificate_pem: values.get("certificate_pem") }), async () => {
    await show();
    tell("The certificate is registered.");
  }));
  return [register, ...users.map((user) => h("section", { class: "card" }, h("h2", {}, `${user.user} – ${user.name}`),
    h("p", { class: "faint small" }, `DIK ${user.diks.join(", ") || "none"}`),
    user.certificates.length ? table(["certificate", "valid to", "state", ""], user.certificates.map((row) => [
      [h("div", {}, row.subject), code(row.sha256)], moment(row.valid_to), state(row.revoked ? "revoked" : "registered"),
      row.revoked ? "" : action("Revoke", "certificates/revoke", { sha256: row.sha256 }, async () => {
        await show();
        tell("The certificate is revoked.");
      }, "harm"),
    ])) : empty("No certificate is registered. Use the form above, or ", code(`companynet-sandbox register --dir D --user ${user.user} --certificate FILE`), ".")))];
}

// -- calls, faults ----------------------------------------------------------------------------------------------

async function calls(operation = "", outcome = "") {
  const choices = await api("choices");
  const filter = h("form", {},
    field("Operation", choice("operation", ["", ...choices.operations], { "": "all operations" })),
    field("Outcome", choice("outcome", [...new Set(["", ...choices.call_outcomes, outcome])], { "": "all outcomes" })));
  filter.elements.operation.value = operation;
  filter.elements.outcome.value = outcome;
  filter.addEventListener("change", () => show(`calls/${filter.elements.operation.value}/${filter.elements.outcome.value}`));
  const pause = h("button", { type: "button" }, "Pause");
  const said = h("output", { "aria-live": "polite" });
  filter.append(pause, said);
  const row = (call) => [moment(call.at), call.operation || "(unreadable)", call.user ?? "", call.dik ?? "", call.session_id === null ? "" : String(call.session_id), state(call.outcome), call.fault ?? ""];
  const list = table(["time", "operation", "user", "DIK", "session", "outcome", "fault"], []);
  const none = empty("No calls. They appear here as soon as a client calls the web service.");
  none.hidden = true;
  let newest = 0;
  const pages = paged(
    (after) => api(`calls?${query({ operation, outcome, order: "newest", after, limit: PAGE })}`),
    (rows, first) => {
      if (first && rows.length) newest = rows[0].id;
      list.add(rows.map(row));
      list.hidden = !newest;
      none.hidden = newest > 0;
    },
    (call) => String(call.id), "Older calls");
  await pages.next();
  const look = async () => {
    try {
      const rows = await api(`calls?${query({ operation, outcome, after: String(newest), limit: 1000 })}`);
      if (rows.length) {
        newest = rows.at(-1).id;
        list.tBodies[0].prepend(...table(["time", "operation", "user", "DIK", "session", "outcome", "fault"], rows.reverse().map(row)).tBodies[0].children);
        list.hidden = false;
        none.hidden = true;
      }
      said.textContent = "";
    } catch (error) {
      said.className = "bad";
      said.textContent = error.message;
    }
  };
  let timer = setInterval(look, EVERY);
  pause.addEventListener("click", () => {
    clearInterval(timer);
    timer = timer === null ? setInterval(look, EVERY) : null;
    pause.textContent = timer === null ? "Go on" : "Pause";
  });
  leave.push(() => clearInterval(timer));
  return [filter, h("section", { class: "card" }, none, list, pages.more)];
}

async function faults() {
  const [waiting, choices] = await Promise.all([api("faults"), api("choices")]);
  const kinds = Object.keys(choices.fault_kinds);
  const meaning = h("p", { class: "faint small" });
  const kind = choice("kind", kinds);
  const explain = () => { meaning.textContent = `${kind.value}: ${choices.fault_kinds[kind.value]}.`; };
  kind.addEventListener("change", explain);
  explain();
  const order = tool("Order the fault", [
    field("Operation", choice("operation", ["*", ...choices.operations], { "*": "* (every operation)" })),
    field("Kind", kind),
    field("Calls that go wrong", h("input", { type: "number", name: "count", value: 1, min: 1, required: true })),
    field("Calls that go right before", h("input", { type: "number", name: "skip", value: 0, min: 0, required: true })),
    field("Probability", h("input", { type: "number", name: "probability", value: 1, min: 0.001, max: 1, step: "any", required: true })),
    field("Seed (if below 1)", h("input", { name: "seed" })),
    field("Seconds late (slow)", h("input", { type: "number", name: "seconds", value: 5, min: 0, max: 600, step: "any", required: true })),
  ], (values) => api("faults", {
    operation: values.get("operation"), kind: values.get("kind"), count: Number(values.get("count")), skip: Number(values.get("skip")), probability: Number(values.get("probability")), seed: values.get("seed"), seconds: Number(values.get("seconds")),
  }), async () => {
    await show();
    tell("The fault is in wait.");
  });
  const names = waiting.length ? Object.keys(waiting[0]) : [];
  const heads = names.map((name) => ({ skip: "right before", count: "go wrong", seconds: "seconds late" })[name] ?? name);
  return [h("section", { class: "card" }, h("h2", {}, "Order a fault"), order, meaning),
    h("section", { class: "card" }, h("h2", {}, "In wait"), waiting.length ? table(heads, waiting.map((row) => names.map((name) => String(row[name] ?? "no end")))) : empty("No faults are in wait: every call goes right. Order one above."),
      waiting.length ? action("Forget all", "faults", { clear: true }, async () => {
        await show();
        tell("All faults are forgotten.");
      }, "harm") : null)];
}

// -- clock, API -------------------------------------------------------------------------------------------------

async function clock() {
  const time = await api("clock");
  const done = async (value) => {
    await show();
    tell(`It is ${form.format(new Date(value.now))} now. Orders carried out: ${value.booked.realized}, denied: ${value.booked.denied}.`);
  };
  const local = form.format(new Date(time.now)).replace(" ", "T");
  const days = Math.round(time.offset_seconds / 864) / 100;
  return [
    h("section", { class: "card" },
      h("p", {}, h("strong", {}, moment(time.now)), ` ${time.zone}. `, time.offset_seconds ? `The bank's clock is ${Math.abs(days)} days ${days < 0 ? "behind" : "ahead of"} the real time.` : "This is the real time."),
      h("div", { class: "row" },
        action("+ 1 hour", "clock", { advance_seconds: 3600 }, done),
        action("+ 1 day", "clock", { advance_seconds: 86400 }, done),
        action("To next morning, 8:00", "clock", { now: `${afterOf(time.day)}T08:00:00` }, done),
        time.offset_seconds ? action("Real time", "clock", { advance_seconds: -time.offset_seconds }, done) : null),
      tool("Set", [field(`Date and time in ${time.zone}`, h("input", { type: "datetime-local", name: "now", step: 1, value: local, required: true }))],
        (values) => api("clock", { now: values.get("now") }), done, "")),
    h("p", { class: "faint small" }, "Moving the clock lets the bank carry out what is due. Statements of a day are given out when the day is over."),
  ];
}

async function routes() {
  const rows = await api("api");
  return [h("p", { class: "faint" }, "What this page does, tests do through the same routes. Bodies are JSON and need ", code("Content-Type: application/json"), "."),
    h("section", { class: "card" }, table(["route", "what", "example"], rows.map((row) => [
      h("code", { class: "route" }, `${row.method} ${row.path}`),
      [h("div", {}, row.summary), h("ul", { class: "parts small" }, Object.entries(row.parameters).map(([name, text]) => h("li", {}, code(name), ` ${text}`)))],
      row.example === null ? "" : h("pre", {}, row.method === "GET" ? `${row.path}?${query(row.example)}` : JSON.stringify(row.example, null, 1)),
    ])))];
}

// -- the frame --------------------------------------------------------------------------------------------------

const SECTIONS = {
  accounts: ["Customers and accounts", accounts],
  book: ["Account", book],
  orders: ["Orders", orders],
  sessions: ["Long-lived sessions", sessions],
  certificates: ["Certificates", certificates],
  calls: ["Calls", calls],
  faults: ["Faults", faults],
  clock: ["Clock", clock],
  api: ["Routes", routes],
};

// Show a section; without one, the section shown once more.
async function show(target) {
  if (target !== undefined && `#${target}` !== location.hash) {
    location.hash = target; // the hashchange shows it
    return;
  }
  const [name, ...rest] = location.hash.slice(1).split("/");
  const [title, make] = SECTIONS[name] ?? SECTIONS.accounts;
  const number = (shown += 1);
  leave.forEach((undo) => undo());
  leave = [];
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.hash === `#${name in SECTIONS ? name : "accounts"}` || (link.hash === "#accounts" && name === "book");
    link.toggleAttribute("aria-current", here);
    if (here) link.setAttribute("aria-current", "page");
  }
  document.title = `${title} – Sandbox bank`;
  let content;
  try {
    content = await make(...rest);
  } catch (error) {
    const again = h("button", { type: "button", onclick: () => show() }, "Try again");
    content = [h("p", { class: "row" }, h("output", { class: "bad" }, error.message), again)];
  }
  if (number !== shown) return;
  const heading = name === "book" ? `Account ${nrb(rest[0] ?? "")}` : title;
  main.replaceChildren(h("h1", {}, heading), h("output", { id: "told", "aria-live": "polite" }), ...content);
  tick();
}

async function tick() {
  const place = document.getElementById("now");
  try {
    const time = await api("clock");
    place.textContent = `${form.format(new Date(time.now))} ${time.zone}`;
  } catch (error) {
    place.textContent = error.message;
  }
}

addEventListener("hashchange", () => show());
document.querySelector("nav").addEventListener("click", (event) => {
  if (event.target.hash === location.hash) show(); // the section shown, once more
});
setInterval(tick, 5000);
show();
