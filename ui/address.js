// Addresses of the page. A job's is kept in the tab's address bar and in the browser: a reload, another tab or another
// device comes back to it. Opened as /jobs/ID, the server leads here as /?job=ID. What the tab has chosen since is kept
// beside it. Whatever is not the studio is at ?tab=NAME (tabs.js).
window.stillmotion = (() => {
  const KEY = "stillmotion-job";
  const DRAFT = "stillmotion-draft";
  const here = new URL(location.href);
  const root = new URL(here.pathname.replace(/[^/]*$/, ""), here).href;
  // From here on the address may read /jobs/ID; what the page asks for stays relative to where it was loaded from.
  const base = document.createElement("base");
  base.href = root;
  document.head.prepend(base);

  const kept = JSON.parse(sessionStorage.getItem(DRAFT) || "null");
  const asked = here.searchParams.get("job") || "";
  let current = asked || (kept ? kept.job : localStorage.getItem(KEY)) || "";
  let draft = kept && kept.job === current ? kept.text : "";

  const tab = () => new URL(location.href).searchParams.get("tab") || "studio";
  const studio = () => (current ? new URL(`jobs/${current}`, root).href : root);
  const addressOf = (name) => (name === "studio" ? studio() : `${root}?tab=${name}`);

  function keep(text) {
    draft = text;
    sessionStorage.setItem(DRAFT, JSON.stringify({ job: current, text }));
  }

  // the studio's address is that of its job, and in the bar while the studio is shown
  function move() {
    keep(draft);
    if (tab() === "studio" && location.href !== studio()) history.replaceState(history.state, "", studio());
  }

  function follow(id) {
    if (!id) return;
    current = id;
    localStorage.setItem(KEY, id);
    move();
  }

  function forget() {
    current = "";
    localStorage.removeItem(KEY);
    move();
  }

  // another job takes the stage, as it was asked for
  function open(id) {
    sessionStorage.removeItem(DRAFT);
    localStorage.setItem(KEY, id);
    location.assign(new URL(`jobs/${id}`, root).href);
  }

  return { keep, follow, forget, open, move, tab, addressOf, job: () => current, draft: () => draft };
})();
