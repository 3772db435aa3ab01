// The address of a job, kept in the tab's address bar and in the browser: a reload, another tab or another device comes
// back to it. Opened as /jobs/ID, the server leads here as /?job=ID. What the tab has chosen since is kept beside it.
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

  function keep(text) {
    draft = text;
    sessionStorage.setItem(DRAFT, JSON.stringify({ job: current, text }));
  }

  function follow(id) {
    if (!id) return;
    current = id;
    localStorage.setItem(KEY, id);
    keep(draft);
    const address = new URL(`jobs/${id}`, root).href;
    if (location.href !== address) history.replaceState(history.state, "", address);
  }

  function forget() {
    current = "";
    localStorage.removeItem(KEY);
    keep(draft);
    history.replaceState(history.state, "", root);
  }

  // another job takes the stage, as it was asked for
  function open(id) {
    sessionStorage.removeItem(DRAFT);
    localStorage.setItem(KEY, id);
    location.assign(new URL(`jobs/${id}`, root).href);
  }

  return { keep, follow, forget, open, job: () => current, draft: () => draft };
})();
