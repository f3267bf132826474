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
