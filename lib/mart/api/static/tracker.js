/* Product-Mart: docs/collector.md. mart.consent(true), then mart.view("p17"), mart.cart_add("p17", {quantity: 2}), … */
((win, doc, nav) => {
 const tag = doc.currentScript, said = tag.dataset, now = Date.now;
 const url = new URL("events?key=" + encodeURIComponent(said.key), tag.src).href;
 let store = {}, agreed, busy, user = said.user;
 try { store = win.localStorage || store } catch {}

 const id = () => crypto.getRandomValues(new Uint32Array(4)).join("");
 const get = name => JSON.parse(store["mart." + name] || null);
 const drop = name => delete store["mart." + name];
 const names = kind => Object.keys(store).filter(k => k.startsWith("mart." + kind)).map(k => k.slice(5)).sort();
 const put = (name, value) => {
  value = { ["mart." + name]: JSON.stringify(value) };
  try { Object.assign(store, value) } catch { store = { ...store, ...value } } // full
 };
 const session = () => {
  let s = get("session");
  if (!s || now() - s.at > 18e5) s = { id: id() };
  put("session", { ...s, at: now() });
  return s.id;
 };

 const flush = () => {
  const keys = names("e.").slice(0, 40), events = keys.map(get);
  if (!agreed || busy || !keys.length || nav.onLine === false) return;
  const body = JSON.stringify({ sent_at: new Date(), events });
  const done = () => { busy = 0; keys.forEach(drop); flush() };
  const again = s => { busy = 0; setTimeout(flush, 1e3 * (s || 5)) };
  if (nav.sendBeacon?.(url, body)) return done();
  busy = 1; // refused
  fetch(url, { method: "POST", body, keepalive: doc.hidden, credentials: "omit" }).then(
   r => r.status == 429 || r.status > 499 ? again(r.headers.get("Retry-After")) : done(), () => again());
 };

 const send = (type, product, { position, ...more } = {}) => {
  if (!agreed) return;
  const e = { event_id: id(), event_type: type, event_at: new Date(), session_id: session(), product_id: product + "", ...more };
  const notes = e.properties = { ...e.properties }, click = get("c." + product);
  if (user) e.user_id = user;
  if (position != null) notes.position = "" + position;
  if (nav.webdriver) notes.bot = "true";
  if (type == "click") put("c." + product, { list: e.recommendation_id, position: notes.position, at: now() });
  if (/add|purch/.test(type) && !e.recommendation_id && click) {
   e.recommendation_id = click.list;
   notes.position = click.position;
  }
  put("e." + now() + e.event_id, e);
  setTimeout(flush);
 };

 const mart = win.mart = {
  consent(yes) {
   agreed = yes;
   names(yes ? "c." : "").forEach(k => yes && now() - get(k).at < 864e5 || drop(k));
   flush();
  },
  user(name) { user = name },
  session: () => agreed ? session() : null
 };
 for (const type of "view cart_add cart_remove purchase impression click".split(" ")) mart[type] = (...what) => send(type, ...what);
 doc.addEventListener("visibilitychange", flush);
 for (const when of ["pagehide", "online"]) win.addEventListener(when, flush);
 if (said.consent == "granted") mart.consent(true);
})(window, document, navigator);
