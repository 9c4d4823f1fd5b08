"""The few lines of JavaScript that gr.HTML runs; each knows its own `element`."""

# Clicks on our own buttons: the page settles theme and drawer itself, the rest go to `act`.
CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-do]');
  if (!button || !element.contains(button)) return;
  const what = button.dataset.do;
  if (what === 'theme') { document.body.classList.toggle('dark'); return; }
  if (what === 'canvas') {
    const up = document.querySelector('#ob-canvas').classList.toggle('ob-up');
    button.setAttribute('aria-expanded', up);
    return;
  }
  if (event.detail === 0) document.querySelector('#ob-box textarea')?.focus();  // by keyboard
  trigger('click', {act: what});
});
"""
# The token by which a reloaded page finds its conversation again. A window keeps its own, and a
# duplicated one, which begins with a copy of it, gets another: the page that has a token holds a
# lock of that name. A page that is just being left holds it a moment longer, hence the waiting.
TOKEN = """
async () => {
  const hold = (token) => new Promise((done) => {
    if (!navigator.locks) { done(true); return; }
    navigator.locks.request('onebrush ' + token, {ifAvailable: true}, (lock) => {
      done(lock !== null);
      return lock && new Promise(() => {});
    });
  });
  try {
    let token = sessionStorage.getItem('onebrush');
    for (let tries = 0; token && !(await hold(token)); tries += 1) {
      if (tries === 5) token = null;
      else await new Promise((done) => setTimeout(done, 100));
    }
    if (!token) {
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
      await hold(token);
      sessionStorage.setItem('onebrush', token);
    }
    return [token];
  } catch { return ['']; }
}
"""
# The thread follows what is being made, unless the person has scrolled up; a conversation that is
# shown again is shown from its end.
FOLLOW = """
const follow = (anyhow) => {
  const thread = element.closest('#ob-thread');
  if (!thread) return;
  const near = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 480;
  if (near || anyhow) thread.scrollTop = thread.scrollHeight;
};
requestAnimationFrame(() => follow(true));
watch('value', () => { follow(); requestAnimationFrame(() => follow()); });
"""
# The filmstrip shows the current picture, however long it has become.
STRIP = """
watch('value', () => requestAnimationFrame(() => {
  const strip = element.querySelector('.ob-strip');
  const current = strip?.querySelector('[aria-current=true]');
  if (!current) return;
  const [whole, one] = [strip, current].map((each) => each.getBoundingClientRect());
  strip.scrollLeft += one.left + one.width / 2 - whole.left - whole.width / 2;
}));
"""
# Read out what is finished, not every step on the way.
LIVE = """
element.setAttribute('aria-live', 'polite');
watch('value', () => {
  const busy = element.querySelector('.ob-progress, .ob-wait') !== null;
  element.setAttribute('aria-busy', String(busy));
});
"""
# Gradio's painter and slider have no alternative text of their own.
NAMES = """
const name = () => {
  const alt = element.querySelector('[data-alt]')?.dataset.alt;
  if (!alt) return;
  document.querySelectorAll('#ob-slider img').forEach((image, index) => {
    image.alt = (index ? 'After: ' : 'Before: ') + alt;
  });
  document.querySelectorAll('#ob-editor canvas').forEach((canvas) => {
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', 'The picture to paint on: ' + alt);
  });
};
new MutationObserver(name).observe(document.querySelector('#ob-canvas'),
                                   {childList: true, subtree: true});
"""
