/* What a shopper does goes to the collector by tracker.js (window.mart); afterwards the list is asked for until it has changed. */
(() => {
  const panel = document.getElementById("for-you");
  const PATIENCE = 5000, PAUSE = 200; // ms
  const listed = () => [...panel.querySelectorAll("[data-product]")].map(one => one.dataset.product);
  const state = text => { panel.querySelector(".state").textContent = text; };
  let asked = 0; // the newest question; an older one gives up

  // The visit's id, for the pages that the server writes.
  const session = window.mart?.session();
  if (session) document.cookie = `session=${session}; max-age=1800; path=/; samesite=lax`;

  const put = (html, before) => {
    panel.innerHTML = html;
    for (const one of panel.querySelectorAll("[data-product]")) {
      if (!before.includes(one.dataset.product)) one.classList.add("fresh");
    }
    setTimeout(() => panel.querySelectorAll(".fresh").forEach(one => one.classList.remove("fresh")), 2500);
    watch(panel);
  };

  const refresh = async () => {
    const mine = ++asked, began = performance.now(), before = listed();
    state("…");
    while (mine === asked && performance.now() - began < PATIENCE) {
      const answer = await fetch("/for-you").catch(() => null);
      const html = answer?.ok ? await answer.text() : null;
      if (mine !== asked) return;
      const now = html && [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("[data-product]")].map(one => one.dataset.product);
      if (now && now.join() !== before.join()) {
        put(html, before);
        return state(`changed ${((performance.now() - began) / 1000).toFixed(1)} s after you did that`);
      }
      await new Promise(done => setTimeout(done, PAUSE));
    }
    if (mine === asked) state("as before: what you did moves nothing up here");
  };

  const act = (kind, product, more) => { window.mart?.[kind](product, more); };
  const of = tile => ({ recommendation_id: tile.closest("[data-list]").dataset.list, position: +tile.dataset.position });

  // A tile that is half in sight has been seen, once a page.
  const eye = new IntersectionObserver(seen => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      eye.unobserve(target);
      act("impression", target.dataset.product, of(target));
    }
  }, { threshold: 0.5 });
  const watch = within => within.querySelectorAll("[data-list] [data-product]").forEach(tile => eye.observe(tile));

  document.addEventListener("click", event => {
    const tile = event.target.closest("a")?.closest("[data-list] [data-product]");
    if (tile) act("click", tile.dataset.product, of(tile));
  });

  document.addEventListener("submit", event => {
    const { act: kind, products } = event.target.dataset;
    if (!kind) return;
    const order = kind === "purchase" && { order_id: crypto.randomUUID() };
    for (const { product_id, price, currency } of JSON.parse(products)) {
      act(kind, product_id, { quantity: 1, ...(price === null || { price }), ...(currency && { currency }), ...order });
    }
    sessionStorage.setItem("did", kind);
  });

  document.addEventListener("toggle", async event => {
    const { why } = event.target.dataset;
    if (!why || !event.target.open) return;
    const answer = await fetch(why).catch(() => null);
    event.target.querySelector("div").innerHTML = answer?.ok ? await answer.text() : "";
  }, true);

  watch(document);
  const looked = document.querySelector("[data-view]");
  if (looked) act("view", looked.dataset.view, looked.dataset.category ? { category: looked.dataset.category } : {});
  const did = sessionStorage.getItem("did");
  sessionStorage.removeItem("did");
  if (session && (looked || did)) refresh();
})();
