// What the console's pages can do besides: the keyboard, copying ids, and following a payment that still moves. All of it works without.

/** `/` searches; j and k walk a list, Enter opens what is walked to. */
let row = -1;
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  const search = document.querySelector('[data-shortcut="/"]');
  if (event.key === '/' && search instanceof HTMLElement) {
    event.preventDefault();
    search.focus();
  }
  if (event.key !== 'j' && event.key !== 'k') return;
  const rows = [...document.querySelectorAll('main table:not(.postings) tbody tr')];
  row = Math.max(0, Math.min(rows.length - 1, row + (event.key === 'j' ? 1 : -1)));
  const link = rows[row]?.querySelector('a');
  if (link instanceof HTMLElement) link.focus();
});

function prepare() {
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.hidden = navigator.clipboard === undefined;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = 'Copied';
    });
  }
}

/** Reads the page again while something on it still moves, and puts the new one in place. */
async function follow() {
  const live = document.querySelector('[data-live]');
  if (live === null) return;
  const open = document.visibilityState === 'visible';
  try {
    if (open) {
      const answer = await fetch(location.href, { headers: { 'x-live': '1', accept: 'text/html' } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('live');
      const old = document.getElementById('live');
      if (fresh === null || old === null) return;
      if (fresh.innerHTML !== old.innerHTML) {
        old.replaceWith(fresh);
        prepare();
      }
    }
  } catch {
    // The line is slow or gone; the next round comes.
  }
  setTimeout(follow, Number(live.dataset.live));
}

// On a phone the menu and the filters take their room only when they are asked for.
if (matchMedia('(max-width: 60rem)').matches)
  for (const part of document.querySelectorAll('nav details, .filters:not([data-kept])')) part.removeAttribute('open');
else for (const part of document.querySelectorAll('[data-open-when-wide]')) part.setAttribute('open', '');

prepare();
setTimeout(follow, 2000);
