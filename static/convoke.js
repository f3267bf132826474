// Small helps on pages that work without them.
"use strict";

// The error summary takes focus, so that it is read first.
document.getElementById("error-summary")?.focus();

// "Leave this page": the button replaces the page in the history; Shift three times does the same.
const leave = document.querySelector("a.leave");
if (leave) {
  const go = (event) => {
    event?.preventDefault();
    document.body.hidden = true;
    location.replace(leave.href);
  };
  document.querySelectorAll("a[data-leave]").forEach((link) => link.addEventListener("click", go));
  let presses = 0;
  let last = 0;
  document.addEventListener("keyup", (event) => {
    presses = event.key === "Shift" && event.timeStamp - last < 2000 ? presses + 1 : Number(event.key === "Shift");
    last = event.timeStamp;
    if (presses >= 3) go();
  });
}

// A form that was sent is not sent a second time by a second press.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));

// A page on which work goes on is loaded again now and then, in place: focus stays where it is, and
// nothing is asked for while nobody looks, or for longer than half an hour.
const moving = document.querySelector("[data-refresh]");
if (moving) {
  let left = (30 * 60) / moving.dataset.refresh;
  const again = async () => {
    const part = document.getElementById(moving.id);
    if (!part.dataset.refresh || left-- <= 0) return;
    if (!document.hidden) {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
      const text = answer?.ok && !answer.redirected ? await answer.text() : "";
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById(moving.id);
      if (fresh && fresh.innerHTML !== part.innerHTML) {
        const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
        part.replaceWith(fresh);
        if (focused) [...fresh.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
      }
    }
    setTimeout(again, moving.dataset.refresh * 1000);
  };
  setTimeout(again, moving.dataset.refresh * 1000);
}
