// The address of a job, kept in the tab's address bar and in the browser: a reload, another tab or another device comes
// back to it. Opened as /jobs/ID, the server leads here as /?job=ID.
window.stillmotion = (() => {
  const KEY = "stillmotion-job";
  const here = new URL(location.href);
  const root = new URL(here.pathname.replace(/[^/]*$/, ""), here).href;
  // From here on the address may read /jobs/ID; what the page asks for stays relative to where it was loaded from.
  const base = document.createElement("base");
  base.href = root;
  document.head.prepend(base);

  const asked = here.searchParams.get("job") || "";

  function follow(id) {
    if (!id) return;
    localStorage.setItem(KEY, id);
    const address = new URL(`jobs/${id}`, root).href;
    if (location.href !== address) history.replaceState(history.state, "", address);
  }

  function forget() {
    localStorage.removeItem(KEY);
    history.replaceState(history.state, "", root);
  }

  return { follow, forget, job: () => asked || localStorage.getItem(KEY) || "" };
})();
