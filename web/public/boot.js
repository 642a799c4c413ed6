// Runs before the first paint, so that theme and density are right from the start.
(() => {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem('sluice.preferences') || '{}') || {};
  } catch {
    // Unreadable or forbidden storage: the defaults hold.
  }
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const theme = kept.theme === 'light' || kept.theme === 'dark' ? kept.theme : dark ? 'dark' : 'light';
  root.setAttribute('data-mantine-color-scheme', theme);
  root.setAttribute('data-density', ['compact', 'roomy'].includes(kept.density) ? kept.density : 'usual');

  // The policy of the page lets no text become markup or a script's address, except: style sheets, which cannot hold an
  // element as long as no "<" is in them, and this server's own built workers.
  if (window.trustedTypes) {
    window.trustedTypes.createPolicy('default', {
      createHTML: (text) => (text.includes('<') ? null : text),
      createScriptURL: (url) =>
        new URL(url, location.href).href.startsWith(`${location.origin}/assets/`) ? url : null,
    });
  }
})();
