// The tab that is shown is in the address: Back leads to the one before, and a reload stays where it was.
(() => {
  const TITLE = "Stillmotion";
  const button = (name) => document.querySelector(`#tabs [data-tab-id="${CSS.escape(name)}"]`);
  const isShown = (name) => button(name)?.getAttribute("aria-selected") === "true";

  function select() {
    const name = stillmotion.tab();
    if (button(name) && !isShown(name)) button(name).click();
  }

  function entitle(name) {
    document.title = name === "studio" ? TITLE : `${button(name).textContent.trim()} · ${TITLE}`;
  }

  // A tab may be chosen by hand, or by what was done in another one.
  new MutationObserver((changes) => {
    const chosen = changes.map((change) => change.target).find((tab) => tab.matches("#tabs [role=tab][aria-selected=true]"));
    if (!chosen) return;
    const name = chosen.dataset.tabId;
    if (name !== stillmotion.tab()) history.pushState({}, "", stillmotion.addressOf(name));
    entitle(name);
  }).observe(document, { attributes: true, attributeFilter: ["aria-selected"], subtree: true });

  window.addEventListener("popstate", () => {
    stillmotion.move();
    select();
  });

  // The page is drawn some time after it is loaded, and calls this then.
  stillmotion.showTab = select;
})();
