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
# The thread follows what is being made, unless the person has scrolled up.
FOLLOW = """
const follow = () => {
  const thread = element.closest('#ob-thread');
  if (!thread) return;
  const near = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 480;
  if (near) thread.scrollTop = thread.scrollHeight;
};
watch('value', () => { follow(); requestAnimationFrame(follow); });
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
