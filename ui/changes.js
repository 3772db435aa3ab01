// How often what is chosen has changed; changes at one moment, such as those that settings of a file bring, are one.
stillmotion.counted = (() => {
  const MOMENT_MS = 30;
  let changes = 0;
  let counting = null;

  function end(done) {
    counting = null;
    changes += 1;
    done(String(changes));
  }

  return () => (counting ??= new Promise((done) => setTimeout(end, MOMENT_MS, done)));
})();
